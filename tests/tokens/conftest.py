"""A product of its own for the hostile tokens, and an issuer that it trusts."""

import json
from collections.abc import Iterator

import pytest

from tests.conftest import Product, copy_of
from tests.support.issuer import Issuer, jwk
from tests.tokens.world import World, published


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, loaded: Product) -> Iterator[World]:
    """A product for these tests alone, because its behaviour depends on the keys it has fetched."""
    issuer, stranger = Issuer(), Issuer()
    issuer.answer = json.dumps({"keys": published()}).encode()
    stranger.publish(jwk("attacker"), jwk("attacker", kid="main"))
    folder = tmp_path_factory.mktemp("hostile") / "local"
    product = copy_of(loaded, folder, AUTH_ISSUER=issuer.url).start()
    yield World(product, issuer, stranger, [])
    product.stop()
    issuer.close()
    stranger.close()
