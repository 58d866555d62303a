/**
 * Holdfast as a library: everything a command does, without oclif, a terminal or a process exit. It never prints, prompts, or
 * reads the environment; what it needs arrives as arguments, and whatever goes wrong is a {@link HoldfastError} or a bug.
 * docs/library.md has an example. Needs Node 24.
 */

// Catalog: this machine's cache of the repository. One writer at a time.
export {Catalog, type CatalogOptions} from './catalog/catalog.ts';
// What runs by itself.
export {JobLog, type JobRecord} from './catalog/job-log.ts';
// Config: sources and settings from YAML, with their defaults.
export {
  type Config,
  type ConfigTextOptions,
  checkConfig,
  loadConfig,
  parseConfig,
} from './config/config.ts';
export {nextTime, previousTime} from './config/cron.ts';
export type {DrillConfig} from './config/drills.ts';
// Who is told how runs ended.
export type {NotifyConfig} from './config/notify.ts';
export type {NotifyEventName} from './config/notify-schema.ts';
export {type ConfigProblem, InvalidConfigError} from './config/problems.ts';
export type {Retention} from './config/retention.ts';
export type {ScheduleConfig} from './config/schedule.ts';
export {configJsonSchema} from './config/schema.ts';
export type {
  CommandSourceConfig,
  DumpSourceConfig,
  FolderSourceConfig,
  HookCommand,
  MongodbSourceConfig,
  MysqlConnection,
  MysqlSourceConfig,
  PostgresConnection,
  PostgresSourceConfig,
  RedisSourceConfig,
  SourceConfig,
  SqliteSourceConfig,
  StdinSourceConfig,
  WitnessConfig,
} from './config/source-types.ts';
export {stdinSource} from './config/sources.ts';
export {renderConfigTemplate, type TemplateOptions} from './config/template.ts';
// Keys: the pair of somebody who can restore; only the public half comes near a machine that backs up.
export {GnupgKey} from './crypto/gnupg.ts';
export {type GeneratedKey, generateRecipientKey, type RecipientKeyOptions} from './crypto/keygen.ts';
export {
  inspectKey,
  type KeyFacts,
  type Recipient,
  readPrivateKey,
  readRecipient,
  unlockPrivateKey,
} from './crypto/keys.ts';
export type {LockedKey} from './crypto/private-key.ts';
export {combineShares, newSharedPassphrase, readShare, type Share, splitPassphrase} from './crypto/shares.ts';
export * from './errors.ts';
// The verbs.
export {
  type BackedUp,
  type BackupContext,
  type BackupFailure,
  type BackupOptions,
  type BackupResult,
  backup,
} from './operations/backup.ts';
export {backupToPlaces, type PlacesResult} from './operations/backup-places.ts';
export {placeOf} from './operations/backup-read.ts';
export {
  type BrowseContext,
  type Browsed,
  type Difference,
  diffSnapshots,
  findEntries,
  type Listed,
  listEntries,
  openForBrowsing,
  readFileContent,
} from './operations/browse.ts';
export {damagedObjects, type MetDamage} from './operations/damaged-objects.ts';
export {
  type Check,
  type DoctorOptions,
  examineTarget,
  type TargetExamination,
} from './operations/doctor-target.ts';
export {runCanary} from './operations/drill/canary.ts';
export {
  type DrillContext,
  type DrillPlan,
  runDrill,
} from './operations/drill/drill.ts';
export {type DrillState, drillStates, type SourceProof, sourceProofs} from './operations/drill/due.ts';
export {findDrill} from './operations/drill/find.ts';
export {existingOperator, openOperator} from './operations/drill/operator.ts';
export {type Picked, pickLastRun, pickSnapshots} from './operations/drill/pick.ts';
export {
  type AbortedDrill,
  cleanDrills,
  type DrillRecord,
  type KeptDrill,
  publishReport,
  storeWaiting,
  waitingRecords,
} from './operations/drill/records.ts';
export {type FleetOptions, type FleetStatus, readFleet} from './operations/fleet/fleet.ts';
export type {FleetProblem, FleetSource, MachineStatus} from './operations/fleet/judge.ts';
export {FleetMemory, type RememberedMachine} from './operations/fleet/memory.ts';
export {assertHooksTrusted} from './operations/hooks.ts';
export {type Initialized, type InitOptions, initRepository, writePrivateFile} from './operations/init.ts';
export {lockEnds} from './operations/lock-ends.ts';
export {readMetrics, writeMetrics} from './operations/metrics/file.ts';
export {gatherProofs, gatherSource} from './operations/metrics/gather.ts';
export {Metrics} from './operations/metrics/metrics.ts';
export type {Channel} from './operations/notify/channel.ts';
export {channelsOf, type Notified, type NotifyOptions, notify} from './operations/notify/notify.ts';
export type {RunReport} from './operations/notify/report.ts';
export {type PinContext, setPin} from './operations/pin.ts';
export {Place, type PlacesContext, type PlacesJob} from './operations/place.ts';
export {makePlan, type Plan, type PlanContext, type Projection} from './operations/plan/plan.ts';
export type {SourceSurvey} from './operations/plan/survey.ts';
export type {OnProgress, ProgressCount, ProgressEvent, ProgressPhase} from './operations/progress.ts';
export {providerChanges, rememberProvider} from './operations/provider.ts';
export {deadBytes, deadIn} from './operations/prune/dead-bytes.ts';
export {type Amount, planSource, type SourcePlan, type Space} from './operations/prune/plan.ts';
export {
  type PruneContext,
  type PruneOptions,
  type PrunePlan,
  type PruneResult,
  planPrune,
  prune,
} from './operations/prune/prune.ts';
export {
  planRepack,
  type RepackContext,
  type RepackOptions,
  type RepackPlan,
  type RepackResult,
  type RepackWatcher,
  repack,
} from './operations/prune/repack.ts';
export {keptBy, type RetentionRule} from './operations/prune/retention.ts';
export {newSwept, type Swept} from './operations/prune/sweep.ts';
export {type RebuildResult, rebuildCatalog} from './operations/rebuild-catalog.ts';
export {prepareCopy, type ReplicateContext, type ReplicateResult, replicate} from './operations/replicate.ts';
export {
  type RestoreContext,
  type RestoreOptions,
  type RestoreResult,
  restoreDryRun,
  restoreToFolder,
  restoreToTar,
} from './operations/restore.ts';
export {
  type DatabaseTarget,
  type RestoreDatabaseOptions,
  type RestoreDatabaseResult,
  restoreToDatabase,
} from './operations/restore-database.ts';
export {compileIncludes, type Selection} from './operations/selection.ts';
export {
  isMended,
  rememberDamage,
  type SelfCheck,
  type StoredState,
  storedState,
} from './operations/self-check.ts';
export type {SelfCheckOptions} from './operations/self-check-plan.ts';
export {type SourceStatus, type Status, type StatusOptions, statusOf} from './operations/status.ts';
export {
  demandingSnapshots,
  type VerifyContext,
  type VerifyLevel,
  type VerifyOptions,
  type VerifyResult,
  verify,
} from './operations/verify.ts';
export {type VolumeUse, volumeUse} from './operations/volume.ts';
// Repository: what is stored, who signed it, and what this machine has seen of it.
export {type Agent, loadAgent} from './repository/agent.ts';
export {type TrustedAgents, trustedAgents} from './repository/agents.ts';
export type {Problem} from './repository/chain.ts';
export {
  type DrillHistory,
  lastProof,
  type Proof,
  provenSnapshots,
  readDrills,
} from './repository/drill-history.ts';
export type {CheckedReport, DrillReport} from './repository/drill-report.ts';
export {type History, readHistory, type SourceHistory} from './repository/history.ts';
export {KnownPlaces} from './repository/known-places.ts';
export {type Mark, Marks} from './repository/marks.ts';
export {type TrustedOperators, trustedOperators} from './repository/operators.ts';
export {isPinned, type Pins, readPins} from './repository/pins.ts';
export {openRepository, type Repository} from './repository/repository.ts';
export type {ByteCounts, CheckedSeal, EntryCounts, Needs, Seal, SnapshotKind} from './repository/seal.ts';
export type {Suspicion, Warning} from './repository/snapshot.ts';
export {selectSnapshot} from './repository/snapshots.ts';
export type {EntryType, TreeEntry} from './repository/tree.ts';
export {type SeenSeal, TrustFile} from './repository/trust.ts';
export {runUntilStopped} from './schedule/daemon.ts';
export {type Job, jobsOf} from './schedule/jobs.ts';
export {type JobEnd, type ScheduleEvent, Scheduler, type SchedulerOptions} from './schedule/scheduler.ts';
export {compileExcludes, type PathFilter} from './sources/folder/exclude.ts';
export {Secret} from './system/secret.ts';
// Targets: where objects are kept. Another storage is a class that implements `Target`.
export type {TargetAccess} from './targets/access.ts';
export {openTarget} from './targets/open.ts';
export type {TargetLimits} from './targets/resilient.ts';
export {
  type ByteRange,
  type CallOptions,
  ObjectExistsError,
  type ObjectInfo,
  ObjectMissingError,
  type ObjectName,
  type Target,
  TargetError,
} from './targets/target.ts';
