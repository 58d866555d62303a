/** The checksums that a store keeps of an object. */
import type {HeadObjectCommandOutput} from '@aws-sdk/client-s3';
import type {StoredSums} from './target.ts';

/** What an answer to HEAD tells of the whole content. */
export function sumsOf({
  ChecksumSHA256 = '',
  ETag = '',
  ServerSideEncryption,
}: Pick<HeadObjectCommandOutput, 'ChecksumSHA256' | 'ETag' | 'ServerSideEncryption'>): StoredSums {
  const md5 = ETag.replaceAll('"', '').toLowerCase();
  // Both have their number behind a dash where the object came in several parts; with keys of a KMS, the ETag is no MD5.
  const isMd5 = /^[0-9a-f]{32}$/.test(md5) && !ServerSideEncryption?.startsWith('aws:kms');
  return {
    sha256: /^[A-Za-z0-9+/]{43}=$/.test(ChecksumSHA256)
      ? Buffer.from(ChecksumSHA256, 'base64').toString('hex')
      : undefined,
    md5: isMd5 ? md5 : undefined,
  };
}
