import {escapeReferences} from './substitute.ts';

export interface TemplateOptions {
  /** A URL or an absolute path. */
  readonly repository: string;
  readonly repositoryId: string;
  /** Absolute paths of the public keys. */
  readonly recipients: readonly string[];
  /** The absolute path of the agent's key. */
  readonly agent: string;
  /** The absolute path of the catalog. */
  readonly catalog: string;
}

/** The `holdfast.yaml` that `init` writes: valid as it stands, and showing only what works. */
export function renderConfigTemplate({
  repository,
  repositoryId,
  recipients,
  agent,
  catalog,
}: TemplateOptions): string {
  return `# Holdfast: what this machine backs up, and where to. After a change: holdfast config check
# Only root and the user who runs the backup may be able to write to this file.

# Where the backups go.
repository: ${scalar(repository)}
# Or to several places, made in the first and copied to the others; a source may name its own (repository: offsite):
# repositories: { main: "s3://backups/app01", offsite: "swift://backups/app01" }
# Which repository must be there: another one in its place, or an empty disk, is refused.
repositoryId: ${scalar(repositoryId)}

# The public keys that can restore. Their private halves must never be on this machine.
recipients:
${recipients.map((recipient) => `  - ${scalar(recipient)}`).join('\n')}

# This machine's own key: it signs what is backed up, and cannot read it back.
agent: ${scalar(agent)}

# A local cache of what the repository holds. It can be lost: holdfast catalog rebuild
catalog: ${scalar(catalog)}

# A new full backup (a generation of its own) when the last one is older: 90m, 12h, 30d, 8w, or never.
full: 30d

# When backups run by themselves: holdfast schedule install --systemd (or --cron); and who is told: holdfast notify test
# schedule: "30 2 * * *"
# notify: { healthcheck: "https://hc-ping.com/your-uuid" }

# Which snapshots "holdfast prune" keeps; nothing is removed without it. Each rule keeps some, the newest always stays.
# retention: { last: 3, daily: 7, weekly: 4, monthly: 12, yearly: 3, fulls: 2 }

limits:
  # How many packs are on their way to the storage at once.
  concurrency: 2
  # upload: 20MB/s
  # repository: 500GB                   # warns from 80 %; no new full backup starts that would pass it
  # retryFor: 30m                       # how long a request is tried that fails for the time being; 5 minutes otherwise

# Values may come from the environment: \${env:NAME}. To pin the machines whose snapshots are believed:
# trust:
#   agents: ["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]

# What to back up, by name. Names become part of object names in the repository: a-z, 0-9, ".", "_" and "-".
# Remove the "#" of the next line and of a source, or write your own, then run: holdfast backup
# sources:
#   etc:
#     folder: /etc
#   app:
#     folder: /srv/app
#     exclude: ["*.tmp", "/cache/"]      # patterns as in .gitignore
#     excludeCaches: true                # leave out folders that hold a CACHEDIR.TAG
#     oneFileSystem: true                # do not enter other file systems
#     tags: [production]
#     full: 7d                           # for this source instead of the one above
#     allowEmpty: true                   # an empty folder is an error otherwise: its disk may not be mounted
#     before: systemctl stop app         # runs without a shell; if it fails, nothing is backed up
#     after: { shell: "systemctl start app || logger -t holdfast 'app is down'" }
`;
}

/** A string as a double-quoted YAML scalar, of which JSON's are a subset. */
function scalar(value: string): string {
  // JSON leaves these two as they are, YAML readers need not.
  const quoted = JSON.stringify(escapeReferences(value))
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return quoted.replaceAll('\u007f', '\\u007f').replaceAll('\ufeff', '\\ufeff');
}
