/**
 * Holdfast as a library: everything a command does, without oclif, a terminal or a process exit. It never prints, prompts, or
 * reads the environment; what it needs arrives as arguments, and whatever goes wrong is a {@link HoldfastError} or a bug.
 * docs/library.md has an example. Needs Node 24.
 */
// Catalog: this machine's cache of the repository. One writer at a time.
export { Catalog } from './catalog/catalog.js';
// Config: sources and settings from YAML, with their defaults.
export { checkConfig, loadConfig, parseConfig, } from './config/config.js';
export { InvalidConfigError } from './config/problems.js';
export { configJsonSchema } from './config/schema.js';
export { stdinSource, } from './config/sources.js';
export { renderConfigTemplate } from './config/template.js';
// Keys: the pair of somebody who can restore; only the public half comes near a machine that backs up.
export { GnupgKey } from './crypto/gnupg.js';
export { generateRecipientKey } from './crypto/keygen.js';
export { inspectKey, readPrivateKey, readRecipient, unlockPrivateKey, } from './crypto/keys.js';
export { combineShares, newSharedPassphrase, readShare, splitPassphrase } from './crypto/shares.js';
export * from './errors.js';
// The verbs.
export { backup, } from './operations/backup.js';
export { diffSnapshots, findEntries, listEntries, openForBrowsing, readFileContent, } from './operations/browse.js';
export { examineTarget, } from './operations/doctor-target.js';
export { assertHooksTrusted } from './operations/hooks.js';
export { initRepository, writePrivateFile } from './operations/init.js';
export { rebuildCatalog } from './operations/rebuild-catalog.js';
export { replicate } from './operations/replicate.js';
export { restoreDryRun, restoreToFolder, restoreToTar, } from './operations/restore.js';
export { verify, } from './operations/verify.js';
// Repository: what is stored, who signed it, and what this machine has seen of it.
export { loadAgent } from './repository/agent.js';
export { trustedAgents } from './repository/agents.js';
export { readHistory } from './repository/history.js';
export { KnownPlaces } from './repository/known-places.js';
export { openRepository } from './repository/repository.js';
export { selectSnapshot } from './repository/snapshots.js';
export { TrustFile } from './repository/trust.js';
export { compileExcludes } from './sources/folder/exclude.js';
export { Secret } from './system/secret.js';
export { openTarget } from './targets/open.js';
export { ObjectExistsError, ObjectMissingError, TargetError, } from './targets/target.js';
