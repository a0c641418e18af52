-- Staged rows live apart from the registry: nothing else may come to depend on them.
CREATE SCHEMA IF NOT EXISTS intake_staging;
