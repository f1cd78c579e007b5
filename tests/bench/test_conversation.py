"""What a candidate hears of Parley's speed, and what a bot in conversation costs."""

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.cluster import BOTS, Cluster, Hiring
from support.figures import keep, percentile, summary
from support.speech import ANSWERS, candidate

INTERVIEWS = 5
pytestmark = pytest.mark.timeout(1800)


def bot_usage(cluster: Cluster, pod: str) -> dict[str, Any] | None:
    """Working set in bytes and CPU seconds so far of a pod, from the kubelet's summary."""
    (node,) = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    path = f"/api/v1/nodes/{node['metadata']['name']}/proxy/stats/summary"
    pods = json.loads(cluster.kubectl("get", "--raw", path))["pods"]
    found = next((p for p in pods if p["podRef"]["name"] == pod), None)
    if not found or "usageCoreNanoSeconds" not in found.get("cpu", {}):
        return None
    return {
        "memory": found["memory"]["workingSetBytes"],
        "cpu": found["cpu"]["usageCoreNanoSeconds"] / 1e9,
        "at": found["cpu"]["time"],
        "read": time.monotonic(),
    }


def test_a_reply_and_what_it_costs(hiring: Hiring, measured_on: str, tmp_path: Path) -> None:
    hiring.cluster.apply(hiring.template())
    ear: list[float] = []
    split: dict[str, list[float]] = {"wait_ms": [], "model_ms": [], "ours_ms": [], "total_ms": []}
    memory: list[float] = []
    cores: list[float] = []
    for number in range(INTERVIEWS):
        name = f"talk-{number}"
        hiring.cluster.apply(hiring.interview(name))
        hiring.wait_phase(name, "Ready")
        (pod,) = hiring.bots(hiring.uid(name))
        pod_name = pod["metadata"]["name"]
        talk = candidate(hiring.link(name), ANSWERS, tmp_path)
        usage = []
        log = ""
        while talk.process.poll() is None:
            log = hiring.cluster.run("kubectl", "logs", "-n", BOTS, pod_name, check=False).stdout or log
            seen = bot_usage(hiring.cluster, pod_name)
            if seen and (not usage or usage[-1]["at"] != seen["at"]):
                usage.append(seen)
        talk.finish()
        ear += [reply["wait"] for reply in talk.summary["replies"]]
        for line in log.splitlines():
            if '"turn_latency"' in line:
                for part, values in split.items():
                    values.append(json.loads(line)[part])
        memory += [u["memory"] for u in usage]
        cores += [(b["cpu"] - a["cpu"]) / (b["read"] - a["read"]) for a, b in pairwise(usage)]
        hiring.cluster.delete("interview", name, hiring.namespace)
    keep(
        "A reply: the candidate's last word to the first sound at the candidate's ear",
        {
            "at the candidate's ear": summary(ear),
            "in the bot: all of it": summary(split["total_ms"], "ms"),
            "… end-of-turn wait": summary(split["wait_ms"], "ms"),
            "… model (the emulator: recognition, policy, synthesis)": summary(split["model_ms"], "ms"),
            "… ours (aim: p95 under 100 ms)": summary(split["ours_ms"], "ms"),
        },
        measured_on,
    )
    keep(
        "A bot in conversation",
        {
            "memory (working set)": f"{summary(memory, 'MiB', 1 / 2**20)}",
            "CPU, cores": f"mean {sum(cores) / len(cores):.2f}, p95 {percentile(cores, 0.95):.2f}"
            if cores
            else "no reading",
        },
        measured_on,
    )


def test_size_of_each_image(cluster: Cluster, measured_on: str) -> None:
    (node,) = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    installed = {
        c["image"].removeprefix("docker.io/")
        for d in cluster.list("deployment", "parley")
        for c in d["spec"]["template"]["spec"]["containers"]
    }
    defaults = json.loads(cluster.get("configmap", "parley-bot-defaults", "parley")["data"]["defaults.json"])  # type: ignore[index] # the chart makes it
    rows = {}
    for image in sorted({*installed, defaults["image"]}):
        size = next(
            (i["sizeBytes"] for i in node["status"]["images"] if any(image in n for n in i.get("names") or [])), None
        )
        rows[image.split(":")[0]] = f"{size / 2**20:.0f} MiB" if size else "not in the node's list"
    keep("Size of each image, as the node stores it", rows, measured_on)
