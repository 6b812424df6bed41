"""Packs and keys: nothing lost, nothing doubled, the same training the same key."""

from hypothesis import given
from hypothesis import strategies as st

from interplay.study import Study
from interplay.training.members import Member, member_key
from interplay.tuning.plan import make_plan, pack_members


@given(st.integers(0, 400), st.integers(1, 16))
def test_packs_hold_every_member_once_and_shrink(n, workers):
    members = [Member(str(i), {}, 0, 1) for i in range(n)]
    packs = pack_members(members, workers)
    assert [m.key for pack in packs for m in pack] == [str(i) for i in range(n)]
    sizes = [len(pack) for pack in packs]
    assert sizes == sorted(sizes, reverse=True)
    if n:
        assert sizes[-1] == 1
        assert n < 2 * workers or sizes[0] <= n / workers


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
