#!/usr/bin/env bash
# A 28-day forecast for every SKU of Online Retail II, and the time it takes.
# Usage: examples/online_retail.sh [RESULT], a .parquet or .csv file. STOCKOUT_REALDATA is the folder
# of the data, which are not part of this repository; default ../shared/data beside it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${STOCKOUT_REALDATA:-$here/../../shared/data}
result=${1:-online_retail_forecast.parquet}
PATH=$PATH:$here/../.venv/bin
TIMEFORMAT="%R s elapsed, %U s of processor time"
time stockout forecast --verbose --config "$here/online_retail.toml" \
  --sales "$data/online_retail_2009_2010.parquet" \
  --output "$result"
