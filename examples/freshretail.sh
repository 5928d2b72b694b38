#!/usr/bin/env bash
# A 7-day forecast for every product in every store of FreshRetailNet, and the time it takes.
# Usage: examples/freshretail.sh [RESULT], a .parquet or .csv file. STOCKOUT_REALDATA is the folder
# of the data, which are not part of this repository; default ../shared/data beside it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${STOCKOUT_REALDATA:-$here/../../shared/data}
result=${1:-freshretail_forecast.parquet}
PATH=$PATH:$here/../.venv/bin
TIMEFORMAT="%R s elapsed, %U s of processor time"
time stockout forecast --verbose --config "$here/freshretail.toml" \
  --sales "$data/freshretailnet_even_stores.parquet" \
  --inventory "$data/freshretailnet_even_stores.parquet" \
  --output "$result"
