/** Where figures for Prometheus go, as it stands in the config. */
import {path} from './values.ts';

/** A part of `notify`. */
export const metricsShape = {
  metrics: path
    .optional()
    .describe(
      'A file for Prometheus that each backup writes, of this configuration alone: node_exporter reads *.prom in its textfile directory.',
    ),
};
