import {md5Of} from './swift-body.ts';
import type {TargetFact} from './target.ts';

/** What a container tells of itself, and an object that we stored there. */
export function describeSwift(container: Headers, object: Headers): readonly TargetFact[] {
  const keepsOld = container.get('x-versions-enabled')?.toLowerCase() === 'true';
  return [
    {
      name: 'versions',
      detail: keepsOld ? 'It keeps what is removed or overwritten.' : 'It keeps none, or does not tell.',
      keepsOld,
    },
    {name: 'Object Lock', detail: 'Swift has none.'},
    {
      name: 'checksums',
      detail: md5Of(object) === undefined ? 'It keeps none.' : 'It keeps the MD5 of each object.',
    },
    {
      name: 'conditional writes',
      detail: 'It looks whether a name is taken before it writes; of several writers at once, the last wins.',
    },
  ];
}
