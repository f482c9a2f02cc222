"""PINs and their hashes."""

import asyncio

from argon2 import Type, extract_parameters

from services.staff.pins import NO_PIN, Pins


async def test_a_pin_fits_its_own_hash_only() -> None:
    pins = Pins()
    hashed = await pins.hash("4711")

    assert await pins.fits(hashed, "4711")
    assert not await pins.fits(hashed, "4712")


async def test_the_same_pin_is_hashed_differently_each_time() -> None:
    pins = Pins()

    assert len(set(await asyncio.gather(*(pins.hash("4711") for _ in range(3))))) == 3


async def test_pins_are_kept_as_argon2id_with_19_mib_two_passes_and_one_lane() -> None:
    parameters = extract_parameters(await Pins().hash("4711"))

    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19 * 1024, 2, 1)


async def test_an_unknown_person_costs_what_a_known_one_costs() -> None:
    pins = Pins()

    assert extract_parameters(NO_PIN) == extract_parameters(await pins.hash("4711"))
    assert not await pins.fits(NO_PIN, "4711")
