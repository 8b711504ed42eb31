"""Reads OpenMetrics text with Prometheus' own parser and prints each sample as `name{label="value"} value`, sorted.

usage: openmetrics.py FILE; the parser is Debian's python3-prometheus-client
"""
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    families = list(text_string_to_metric_families(file.read()))
for family in families:
    if not family.documentation or not family.name.startswith("kuzu_memory_"):
        sys.exit(f"{family.name} is not documented or not ours")
    for sample in family.samples:
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
        print(f"{sample.name}{{{labels}}} {sample.value:g}")
