"""Packs and keys: nothing lost, nothing doubled, the same training the same key."""

from hypothesis import given
from hypothesis import strategies as st

from interplay.study.study import Study
from interplay.training.members import Member, member_key
from interplay.tuning.packs import Group, Pack, make_groups, make_packs, shrinking
from interplay.tuning.plan import make_plan
from interplay.tuning.preflight import Built, preflight


def members(n, start=0):
    return tuple(Member(str(i), frozenset(), 0, 1) for i in range(start, start + n))


@given(st.integers(0, 400), st.integers(1, 16))
def test_pieces_hold_every_member_once_and_shrink(n, workers):
    pieces = shrinking(members(n), workers)
    assert [m.key for piece in pieces for m in piece] == [str(i) for i in range(n)]
    sizes = [len(piece) for piece in pieces]
    assert sizes == sorted(sizes, reverse=True)
    if n:
        assert sizes[-1] == 1


groups_of = st.lists(
    st.tuples(
        st.integers(1, 120),
        st.sampled_from(["stacked", "reference"]),
        st.integers(1, 64),
        st.floats(1, 100),
    ),
    min_size=1,
    max_size=6,
)


@given(groups_of, st.integers(1, 8))
def test_packs_hold_every_member_once_and_keep_to_shapes_and_sizes(described, workers):
    groups, start = [], 0
    for n, engine, most, cost in described:
        groups.append(Group(members(n, start), engine, most, cost))
        start += n
    packs = make_packs(groups, workers)
    assert sorted(int(m.key) for pack in packs for m in pack.members) == list(range(start))
    for pack in packs:
        homes = [g for g in groups if set(g.members) & set(pack.members)]
        assert {g.engine for g in homes} == {pack.engine}
        if pack.engine == "stacked":
            assert len(homes) == 1
            assert len(pack.members) <= homes[0].most


def test_two_workers_end_together():
    # Five shapes of unequal cost, as hidden sizes have.
    groups = [
        Group(members(50, 50 * i), "stacked", 64, c) for i, c in enumerate((55, 20, 10, 6, 5))
    ]
    cost = {m.key: g.cost for g in groups for m in g.members}
    busy = [0.0, 0.0]
    for pack in make_packs(groups, 2):
        busy[busy.index(min(busy))] += sum(cost[m.key] for m in pack.members)
    assert max(busy) < 1.1 * sum(busy) / 2


def test_a_pack_that_killed_its_worker_comes_back_in_halves():
    pack = Pack(members(5), "stacked")
    assert [len(half.members) for half in pack.halves()] == [3, 2]
    assert [len(p.members) for p in Pack(members(3), "reference").halves()] == [1, 1, 1]


def test_members_of_one_shape_are_one_group(make_study):
    def group_sizes(**changes):
        plan = make_plan(make_study(**changes))
        groups = make_groups(plan, plan.members, lambda config: Built(None, 100))
        return sorted(len(g.members) for g in groups)

    assert group_sizes() == [4, 4]  # two hidden sizes; dropout and seeds go together
    assert group_sizes(optimizer={"lr": [1e-3, 1e-2]}) == [8, 8]
    assert group_sizes(data={"batch_size": [32, 64]}) == [4, 4, 4, 4]
    assert (
        group_sizes(optimizer={"name": "sgd", "nesterov": [False, True], "momentum": 0.9})
        == [4] * 4
    )
    assert group_sizes(schedule={"name": ["none", "cosine"]}) == [8, 8]
    assert group_sizes(training={"label_smoothing": [0.0, 0.1]}) == [4] * 4


def test_a_stack_on_a_gpu_may_be_larger(make_study):
    plan = make_plan(make_study())
    on_cpu, on_gpu = (
        make_groups(plan, plan.members, lambda config: Built(None, 100), device)[0].most
        for device in ("cpu", "cuda")
    )
    assert (on_cpu, on_gpu) == (64, 512)


def test_what_changes_a_training_changes_its_key():
    base = dict(
        config={"optimizer.lr": 0.1},
        epochs=3,
        seed=0,
        fold=None,
        folds=None,
        data_digest="d",
        sources={},
        model_version=1,
    )
    key = member_key(**base)
    assert key == member_key(**{**base, "config": {"optimizer.lr": 0.1 + 1e-15}})
    for change in (
        {"config": {"optimizer.lr": 0.11}},
        {"epochs": 4},
        {"seed": 1},
        {"fold": 0, "folds": 2},
        {"data_digest": "e"},
        {"sources": {"model": "x"}},
        {"model_version": 2},
    ):
        assert member_key(**{**base, **change}) != key


def test_networks_of_a_users_builder_have_a_version_too_and_functions_have_none(
    monkeypatch, tmp_path
):
    """What our random numbers are used for has one, so that it can be said to have changed."""
    (tmp_path / "mine.py").write_text(
        "def net(spec): ...\ndef train(seed): return {'score': 1.0}\n"
    )
    network = {"data": {"name": "digits"}, "model": {"builder": "mine:net"}}
    function = {"trial": {"function": "mine:train"}, "search": {"metric": "score", "mode": "max"}}

    def keys(sections):
        study = Study(name="s", epochs=1, folders=(tmp_path,), **sections)
        return [m.key for m in make_plan(study).members]

    before = keys(network), keys(function)
    monkeypatch.setattr("interplay.tuning.plan.BUILDER_VERSION", 2)
    assert keys(network) != before[0]
    assert keys(function) == before[1]


def test_the_key_of_a_training_is_what_it_was_in_earlier_versions():
    config = {"a.b": 0.1 + 1e-15, "z": [1, 2.0], "é": None, "m": 'x", "fold": [0, 1]'}
    code = {"model": "x", "data": "y"}
    key = member_key(
        config, epochs=3, seed=2, fold=1, folds=5, data_digest="d", sources=code, model_version=2
    )
    assert key == "428224c971829b7b303a61c8"


def test_engine_workers_and_names_are_no_part_of_a_key(make_study):
    def keys(**changes):
        return {m.key for m in make_plan(make_study(**changes)).members}

    base = keys()
    assert len(base) == 8
    assert keys(engine="reference", name="other", resources={"workers": 1}) == base
    assert keys(model={"num_layers": 1, "norm": "none"}) == base
    assert keys(seeds=[1, 0]) == base
    assert not keys(data={"split_seed": 1}) & base
    assert base < keys(seeds=3)


def test_an_edited_builder_is_another_model(tmp_path):
    (tmp_path / "helper_of_edited.py").write_text("N = 20\n")
    text = "import numpy as np\nfrom helper_of_edited import N\ndef load(): return np.zeros((N, 3)), np.arange(N) % 2\n"
    (tmp_path / "edited.py").write_text(text)

    def keys():
        study = Study(
            name="s",
            epochs=1,
            data={"builder": "edited:load"},
            model={"name": "linear"},
            folders=[tmp_path],
        )
        return {m.key for m in make_plan(study).members}

    first = keys()
    assert keys() == first
    (tmp_path / "edited.py").write_text(text + "# another line\n")
    second = keys()
    assert not second & first
    (tmp_path / "helper_of_edited.py").write_text("N = 20  # edited\n")
    assert not keys() & second


def test_an_option_that_came_late_changes_no_key_by_its_default(tmp_path):
    (tmp_path / "t.csv").write_text(
        "x,who,y\n" + "".join(f"{i},{i // 4},{i % 2}\n" for i in range(40))
    )
    data = {"name": "table", "path": "t.csv", "target": "y", "ignore": "who"}

    def keys(**more):
        study = Study(
            folders=[tmp_path],
            name="s",
            epochs=1,
            seeds=1,
            data={**data, **more},
            model={"name": "linear"},
        )
        config = study.resolve(study.cells()[0])
        assert config["data.groups"] == more.get("groups", "")
        return study.keyed(config), make_plan(study).members[0].key

    before, key = keys()
    assert "data.groups" not in before
    assert "data.missing" in before  # which is no late one
    assert keys(groups="") == (before, key)
    after, other = keys(groups="who", ignore="")
    assert after["data.groups"] == "who"
    assert other != key


def test_a_late_way_to_train_changes_no_key_by_its_default(make_study):
    def keys(**changes):
        return [m.key for m in make_plan(make_study(seeds=1, **changes)).members]

    late = {"training": {"class_weights": "none"}, "schedule": {"name": "cosine", "warmup": 0.0}}
    study = make_study(**late)
    assert not {"training.class_weights", "schedule.warmup"} & set(study.keyed(study.cells()[0]))
    for section, table in late.items():
        before = {k: v for k, v in table.items() if k == "name"}
        assert keys(**{section: table}) == keys(**{section: before})
    assert keys(training={"class_weights": "balanced"}) != keys()


def test_classes_are_weighed_where_there_are_classes(tmp_path, make_study):
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(40)))
    study = make_study(
        folders=[tmp_path],
        data={"name": "table", "path": "t.csv", "target": "y"},
        training={"class_weights": ["none", "balanced"]},
    )
    plan = make_plan(study)
    found = preflight(plan.cells, plan.datasets, study.folders)
    wrong = {c["training.class_weights"]: b.reason for c, b in zip(plan.cells, found, strict=True)}
    assert wrong["none"] is None
    assert "weighs classes, and dataset 't' has numbers to predict" in wrong["balanced"]


def test_what_an_own_builder_prints_is_no_answer(tmp_path, capsys):
    (tmp_path / "loud.py").write_text(
        "from torch import nn\n"
        "def make(width, input_shape, num_outputs):\n"
        "    print('building')\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, num_outputs))\n"
    )
    study = Study(
        folders=[tmp_path], name="s", epochs=1, seeds=1,
        data={"name": "digits"}, model={"builder": "loud:make", "width": 3},
    )  # fmt: skip
    plan = make_plan(study)
    preflight(plan.cells, plan.datasets, study.folders)
    printed = capsys.readouterr()
    assert "building" in printed.err
    assert not printed.out
