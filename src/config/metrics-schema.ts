/** Where figures for Prometheus go, as it stands in the config. */
import {path} from './values.ts';

/** A part of `notify`. */
export const metricsShape = {
  metrics: path
    .optional()
    .describe(
      'A file for Prometheus that each backup writes: node_exporter reads *.prom in its textfile directory.',
    ),
};
