// What is done to each pack and blob, one core, without reading and writing: node bench/sealing.ts [MiB]
import {createHash, createHmac, createSecretKey} from 'node:crypto';
import {zstdCompressSync, zstdDecompressSync} from 'node:zlib';
import {generateGenerationKey} from '../src/crypto/keygen.ts';
import {newSession} from '../src/crypto/message.ts';
import {
  openMessage,
  sealedLength,
  sealedPrefixLength,
  sealInPlace,
  sealMessage,
} from '../src/crypto/seipd.ts';
import {fillContent} from './lib/content.ts';
import {Random} from './lib/random.ts';
import {medianMs} from './lib/repeat.ts';

const sizeBytes = Number(process.argv[2] ?? 16) * 2 ** 20;
const rounds = 9;
const key = (await generateGenerationKey(new Date())).toPublic();
const session = await newSession([key]);
const noise = Buffer.alloc(sizeBytes);
fillContent('noise', new Random(1), noise);
const program = Buffer.alloc(sizeBytes);
fillContent('program', new Random(2), program);
const frames = Array.from({length: sizeBytes / 2 ** 20}, (_, n) => program.subarray(n << 20, (n + 1) << 20));

const place = Buffer.alloc(sealedLength(session, sizeBytes));
tell('seal in place, with its check', () => {
  place.set(noise, sealedPrefixLength(session));
  sealInPlace(session, place, sizeBytes);
});
tell('seal into new memory', () => sealMessage(session, [noise]));
const sealed = sealMessage(session, [noise]);
tell('open', () => openMessage(sealed, session.key));
tell('SHA-256 (the name of a pack)', () => createHash('sha256').update(noise).digest());
const hmacKey = createSecretKey(Buffer.alloc(32, 1));
tell('HMAC-SHA256 (the id of a blob)', () => createHmac('sha256', hmacKey).update(noise).digest());
tell('HMAC-SHA256, pieces of 4 KiB', () => {
  for (let at = 0; at < sizeBytes; at += 4096)
    createHmac('sha256', hmacKey)
      .update(noise.subarray(at, at + 4096))
      .digest();
});
tell('zstd, frames of 1 MiB', () => frames.forEach((frame) => void zstdCompressSync(frame)));
const compressed = frames.map((frame) => zstdCompressSync(frame));
tell('unzstd, frames of 1 MiB', () =>
  compressed.forEach((frame) => void zstdDecompressSync(frame, {chunkSize: 2 ** 20})),
);

function tell(what: string, run: () => void): void {
  const ms = medianMs(rounds, run);
  console.log(
    `${what.padEnd(32)} ${ms.toFixed(1).padStart(7)} ms  ${(sizeBytes / 1e3 / ms).toFixed(0).padStart(5)} MB/s`,
  );
}
