"""What a candidate hears of Parley's speed, and what a bot in conversation costs."""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from support.cluster import BOTS, Cluster, Hiring, Json
from support.figures import Reply, keep, percentile, summary
from support.processes import Program
from support.speech import ANSWERS, Candidate, candidate
from support.wait import until

INTERVIEWS = 5
USAGE_EVERY_SECONDS = 5
pytestmark = pytest.mark.timeout(1800)


@dataclass(frozen=True)
class Usage:
    """What the kubelet saw of a pod: working set in bytes and CPU seconds so far, at a moment of its clock."""

    at: datetime
    memory: float
    cpu: float


def bot_usage(cluster: Cluster, pod: str) -> Usage | None:
    """The latest figures of a pod, from the kubelet's summary."""
    (node,) = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    path = f"/api/v1/nodes/{node['metadata']['name']}/proxy/stats/summary"
    pods = json.loads(cluster.kubectl("get", "--raw", path))["pods"]
    found = next((p for p in pods if p["podRef"]["name"] == pod), None)
    if not found or "usageCoreNanoSeconds" not in found.get("cpu", {}):
        return None
    cpu = found["cpu"]
    at = datetime.fromisoformat(cpu["time"])
    return Usage(at, found["memory"]["workingSetBytes"], cpu["usageCoreNanoSeconds"] / 1e9)


def watched(cluster: Cluster, pod: str, talk: Candidate) -> list[Usage]:
    """The pod's usage while the conversation lasts; seldom enough not to disturb what is timed."""
    seen: list[Usage] = []

    def over() -> bool:
        usage = bot_usage(cluster, pod)
        if usage and (not seen or seen[-1].at != usage.at):
            seen.append(usage)
        return not talk.program.running

    until("the conversation is over", over, 180, every=USAGE_EVERY_SECONDS)
    return seen


def latencies(log: Path) -> list[Json]:
    """The bot's own accounts of its replies, in order."""
    lines = (line for line in log.read_text().splitlines() if '"turn_latency"' in line)
    return [json.loads(line) for line in lines]


def test_a_reply_and_what_it_costs(hiring: Hiring, measured_on: str, tmp_path: Path) -> None:
    hiring.cluster.apply(hiring.template())
    replies: list[Reply] = []
    memory: list[float] = []
    cores: list[float] = []
    for number in range(INTERVIEWS):
        name = f"talk-{number}"
        hiring.cluster.apply(hiring.interview(name))
        hiring.wait_phase(name, "Ready")
        (pod,) = hiring.bots(hiring.uid(name))
        pod_name = pod["metadata"]["name"]
        log = tmp_path / f"{name}.log"
        follow = Program(["kubectl", "logs", "-f", "-n", BOTS, pod_name], log, hiring.cluster.environment)
        try:
            with candidate(hiring.link(name), ANSWERS, tmp_path) as talk:
                usage = watched(hiring.cluster, pod_name, talk)
                talk.finish()
            follow.exit_code(30)
        finally:
            follow.stop()
        ear = [1000 * reply["wait"] for reply in talk.summary["replies"]]
        replies += [Reply.of(at_ear, inside) for at_ear, inside in zip(ear, latencies(log), strict=True)]
        memory += [u.memory for u in usage]
        cores += [(b.cpu - a.cpu) / (b.at - a.at).total_seconds() for a, b in pairwise(usage)]
        hiring.cluster.delete("interview", name, hiring.namespace)
    keep(
        "A reply: the candidate's last word to the first sound at the candidate's ear",
        {
            "at the candidate's ear": summary([r.ear for r in replies], "ms"),
            "… end-of-turn wait": summary([r.wait for r in replies], "ms"),
            "… model (the emulator, with the quiet that its voice begins with)": summary(
                [r.model for r in replies], "ms"
            ),
            "… ours: the rest of each reply (aim: p95 under 100 ms)": summary([r.ours for r in replies], "ms"),
            "… … of it in the bot": summary([r.in_bot for r in replies], "ms"),
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
