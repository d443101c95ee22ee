"""Recipes: what they set, and how mistakes are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.__main__ import RECIPES
from realtime_style.errors import BadSettings
from realtime_style.styles.format import StyleInfo
from realtime_style.training.config import TrainConfig
from realtime_style.training.recipe import load_recipe

STYLE = '[[styles]]\nname = "a"\npainting = "a.jpg"\n'


def write(folder: Path, text: str) -> Path:
    (folder / "recipe.toml").write_text(text)
    return folder / "recipe.toml"


def test_recipe_sets_paintings_settings_and_credits(tmp_path: Path) -> None:
    text = f'content = "photos"\nsteps = 7\nnoise = 3\n{STYLE}artist = "nobody"\n'
    assert load_recipe(write(tmp_path, text), Path("data")) == TrainConfig(
        paintings=(str(Path("data") / "a.jpg"),),
        styles=(StyleInfo("a", artist="nobody"),),
        content=str(Path("data") / "photos"),
        steps=7,
        noise=3.0,
    )


def test_style_weight_of_one_table_makes_factors_for_all(tmp_path: Path) -> None:
    other = '[[styles]]\nname = "b"\npainting = "b.jpg"\n'
    text = f'content = "photos"\n{STYLE}style_weight = 2.5\n{other}'
    assert load_recipe(write(tmp_path, text), tmp_path).style_weights == (2.5, 1.0)


def test_paths_start_in_the_data_folder_or_beside_the_recipe(tmp_path: Path) -> None:
    text = f'content = "p"\nloss_network = "vgg.pth"\nstart_from = "../one.pt"\n{STYLE}'
    config = load_recipe(write(tmp_path, text), Path("data"))
    assert config.loss_network == str(Path("data") / "vgg.pth")
    assert config.start_from == str(tmp_path / ".." / "one.pt")
    text = f'content = "p"\nloss_network = "vgg16"\n{STYLE}'
    assert load_recipe(write(tmp_path, text), Path("data")).loss_network == "vgg16"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f'content = "p"\nstepz = 3\n{STYLE}', "line 2: there is no 'stepz'; did you mean 'steps'"),
        (f'content = "p"\nsteps = 0\n{STYLE}', "line 2: steps must be a whole number from 1 up"),
        (f'content = "p"\nsteps = "many"\n{STYLE}', "line 2: steps must be a whole number"),
        (f'content = "p"\nbatch = 2.5\n{STYLE}', "line 2: batch must be a whole number"),
        (f'content = "p"\nseed = true\n{STYLE}', "line 2: seed must be a whole number"),
        (f'content = "p"\nstyle_weight = "5"\n{STYLE}', "line 2: style_weight must be a number"),
        (f'content = "p"\nminutes = [1]\n{STYLE}', "line 2: minutes must be a number"),
        (f'content = "p"\nstart_from = 3\n{STYLE}', "line 2: start_from must be text"),
        (f'content = "p"\nheld_out = "a.jpg"\n{STYLE}', "line 2: held_out must be a list of texts"),
        (f'content = "p"\nboost_blends = [["a"]]\n{STYLE}', "line 2: boost_blends must be a list"),
        (f"content = 5\n{STYLE}", "line 1: content must be text in quotation marks, not 5"),
        (f'content = "p"\npaintings = ["a.jpg"]\n{STYLE}', "line 2: there is no 'paintings'"),
        (STYLE, "content is missing; name a folder of photographs"),
        ('content = "p"\n[styles]\nname = "a"', r"begin each with \[\[styles\]\]"),
        ('content = "p"\nstyles = 3', r"line 2: styles are tables; begin each with"),
        ('content = "p"\n[[styles]]\nname = "a"', "line 2: this style has no painting"),
        (f'content = "p"\n{STYLE}[[styles]]\nname = "b"\npainting = 3', "line 7: painting must be"),
        (f'content = "p"\n{STYLE}[[styles]]\npainting = "b.jpg"', "line 5: this style has no name"),
        (
            f'content = "p"\n{STYLE}[[styles]]\npainting = "b.jpg"\nname = "B!"',
            "line 7: style name 'B!'",
        ),
        (f'content = "p"\n{STYLE}titel = "A"', "line 5: there is no 'titel'; did you mean 'title'"),
        (f'content = "p"\n{STYLE}{STYLE}', "two styles have the same name"),
        ('content = "p"', "at least one painting is needed"),
        ("this is no TOML", "recipe.toml"),
    ],
)
def test_mistake_in_a_recipe_is_reported_by_its_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(BadSettings, match=complaint) as caught:
        load_recipe(write(tmp_path, text), tmp_path)
    assert str(tmp_path / "recipe.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        load_recipe(tmp_path / "none.toml", tmp_path)


def test_every_shipped_recipe_can_be_read() -> None:
    recipes = sorted(RECIPES.glob("*.toml"))
    assert recipes
    for recipe in recipes:
        assert load_recipe(recipe, Path("data")).styles
