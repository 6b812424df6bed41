"""Train a member of a study's tables on the reference engine, and print its curves as JSON:

python -m tests.training.elsewhere TABLES SEED
"""

import json
import sys

import torch

from interplay.data.load import load_dataset
from interplay.models.factory import input_kind
from interplay.study.study import Study
from interplay.training.members import Member, section
from interplay.training.reference import train_member
from interplay.training.tensors import make_parts


def train(study, dataset, seed=0, cell=0):
    config = study.cells()[cell]
    member = Member("k", config, seed, study.epochs)
    data = section(config, "data")
    kind = input_kind(section(config, "model"), data["view"], dataset)
    parts = make_parts(dataset, kind, data, fold=None, folds=None, device="cpu")
    return train_member(member, parts, folders=study.folders)


if __name__ == "__main__":
    torch.set_num_threads(1)
    study = Study(**json.loads(sys.argv[1]))
    row = train(study, load_dataset({"name": "digits"}), seed=int(sys.argv[2]))
    print(json.dumps(row.curves))
