"""The catalogue: items are put in and read, and the store's rates and data are ready before anything is sold."""

from contracts.checkout.catalogue import (
    CatalogueCounted,
    CountCatalogue,
    GetItem,
    GetTaxClass,
    ItemRead,
    ItemsPut,
    PutItems,
    TaxClass,
    TaxClassUnknown,
)
from services.checkout.catalogue.tax_rates import SourcedRate
from services.checkout.model.business_day import local_day
from services.checkout.model.items import Neighbours, gtin, merged, prove_items
from services.checkout.store.catalogue import CatalogueStore
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.clock import stamp


def start(tx: CheckoutTx, rates: list[SourcedRate]) -> None:
    """Before anything is answered: rates are there, the store's data has a version, policy and sessions are in mind."""
    tx.items.seed_tax_rates(rates)
    tx.remember_sessions()
    known = tx.policies.get()
    if known is not None:
        tx.have_in_mind(known)
    newest = tx.registers.newest_store_data()
    version = 1 if newest is None else newest.version
    if newest is not None and newest != tx.settings.store_data(version):
        version += 1
    if newest is None or newest.version != version:
        tx.registers.add_store_data(tx.settings.store_data(version), stamp(tx.now))
    tx.put_store_data_in_force(version)


def put_items(command: PutItems, tx: CheckoutTx) -> ItemsPut:
    """Create or change items; all are taken over or none. Prices that are not named stay.

    Rejections:
        ItemInvalid: an item breaks a rule; the details name item, field and rule.
    """
    codes = [item.code for item in command.items]
    digits = [number for item in command.items for number in map(gtin, item.barcodes) if number is not None]
    linked = [code for item in command.items for code in item.linked]
    known = {str(item.code): item for item in tx.stored_items.read([*codes, *linked])}
    prove_items(
        command.items,
        Neighbours(
            country=tx.settings.country,
            taxes=tx.items.taxes,
            items=known,
            linked_by=tx.stored_items.linked_by(codes),
            owners=tx.stored_items.owners(digits),
        ),
    )
    created = [item for item in command.items if item.code not in known]
    changed = [
        item for item in command.items if item.code in known and merged(item, known[item.code]) != known[item.code]
    ]
    if created or changed:
        tx.items.put([*created, *changed], known, stamp(tx.now))
    return ItemsPut(len(created), len(changed), len(codes) - len(created) - len(changed))


async def get_item(query: GetItem, view: CheckoutView) -> ItemRead:
    """Read an item by its code or a barcode.

    Rejections:
        ItemNotFound: there is none.
    """
    return ItemRead(await view.read(lambda connection: CatalogueStore(connection).find(query.item)))


async def count_catalogue(query: CountCatalogue, view: CheckoutView) -> CatalogueCounted:  # noqa: ARG001 - it asks for nothing
    """Say how large the catalogue is."""
    items, barcodes = await view.read(lambda connection: CatalogueStore(connection).count())
    return CatalogueCounted(items, barcodes)


async def get_tax_class(query: GetTaxClass, view: CheckoutView) -> TaxClass:
    """Read how a tax class is taxed here today.

    Rejections:
        TaxClassUnknown: it has no rate.
    """
    taxes = await view.read(lambda connection: CatalogueStore(connection).taxes())
    rule = taxes.on(view.settings.country, query.tax_class, local_day(view.now, view.settings.zone))
    if rule is None:
        raise TaxClassUnknown(field="tax_class", tax_class=query.tax_class)
    return TaxClass(rule.tax_class, rule.treatment, rule.rate, rule.country)
