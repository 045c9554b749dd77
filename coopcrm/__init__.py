"""coopcrm: one registry, rating and appraisal for a rural credit cooperative."""
