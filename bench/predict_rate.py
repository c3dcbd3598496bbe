"""Images per second of `dha predict` compared with `dha eval`, on the same images.

    predict_rate.py BUILD [--rounds 5] [--data FOLDER] [--size 64] [--copies 1]

Both classify the test images of a folder set (by default data/flowers102-64) with the network of one run, which is trained
for an epoch before. They run in turns within each round. So that the start of the program does not count, each runs on
all images, `copies` times over, and on a sixteenth of them: the rate is that of the difference. The medians are printed,
and the ratio, which should be at least 0.9.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def pipeline(data, size):
    """A small network, so that reading images has its share of the time."""
    return {"name": "rate", "seed": 1, "device": "cpu",
            "dataset": {"use": "dha.image_folder", "path": str(data), "size_px": size, "limit_train": 512},
            "stages": [{"name": "only", "epochs": 1, "batch_size": 64, "space": {"use": "dha.resnet", "depth": 20},
                        "architecture": {}, "augment": [], "hyper": {"use": "dha.sgd", "learning_rate": 0.01}}]}


def link_images(source, target, copies, share):
    """The train images once, and one in `share` of the test images `copies` times."""
    shutil.copytree(source / "train", target / "train", copy_function=os.link)
    count = 0
    for place in sorted((source / "test").iterdir()):
        (target / "test" / place.name).mkdir(parents=True)
        for image in sorted(place.iterdir())[::share]:
            for copy in range(copies):
                os.link(image, target / "test" / place.name / f"{copy}-{image.name}")
                count += 1
    return count


def copy_set(source, folder):
    """A copy on the file system where links to it are made."""
    shutil.copytree(source, folder)
    if not (folder / "test").exists():
        (folder / "val").rename(folder / "test")
    return folder


def seconds(command):
    begun = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def commands(dha, run, place):
    return {"eval": [dha, "eval", run, "--set", f"dataset.path={place}"],
            "predict": [dha, "predict", run, place / "test", "--csv"]}


def measure(dha, run, places, counts, rounds):
    """Images per second of each verb in each round."""
    rates = {"eval": [], "predict": []}
    for turn in range(rounds + 1):  # the first only fills the file cache
        taken = {}
        for size, place in places.items():
            for verb, command in commands(dha, run, place).items():
                taken[verb, size] = seconds(command)
        if turn == 0:
            continue
        for verb in rates:
            rates[verb].append((counts["many"] - counts["few"]) / (taken[verb, "many"] - taken[verb, "few"]))
    return rates


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "data" / "flowers102-64")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--copies", type=int, default=1)
    options = parser.parse_args()
    dha = options.build.resolve() / "dha"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source = copy_set(options.data.resolve(), folder / "source")
        places = {"many": folder / "many", "few": folder / "few"}
        counts = {"many": link_images(source, places["many"], options.copies, 1),
                  "few": link_images(source, places["few"], 1, 16)}
        (folder / "pipeline.json").write_text(json.dumps(pipeline(source, options.size)))
        subprocess.run([dha, "run", "-q", folder / "pipeline.json", "--out", folder / "runs"], check=True,
                       stdout=subprocess.DEVNULL)
        run = (folder / "runs" / "rate" / "latest").resolve()
        rates = measure(dha, run, places, counts, options.rounds)
    medians = {verb: statistics.median(values) for verb, values in rates.items()}
    print(f"{counts['many']} images of {options.data.name} at {options.size} px, median of {options.rounds} rounds")
    for verb, median in medians.items():
        print(f"dha {verb:8s} {median:8.0f} images/s")
    ratios = [predict / evaluation for predict, evaluation in zip(rates["predict"], rates["eval"])]
    print(f"ratio        {statistics.median(ratios):8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
