"""A million customers as shops in Finland, the Netherlands, Germany and England have them, the same in every run.

Names are as frequent as they are: the first of a list is much commoner than the last.
"""

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from contracts.customers import Customer
from contracts.customers.profile import Address
from contracts.ids import CountryCode, CustomerId

SEED = 4


class Country(NamedTuple):
    """What customers of a country are called and where they live."""

    code: str
    language: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    host: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COUNTRIES = (
    Country(
        "FI",
        "fi",
        _words(
            "Maria Juhani Helena Johannes Johanna Mikael Anneli Kalevi Kaarina Antero Marjatta Tapani Anna Tapio Liisa "
            "Ilmari Annikki Matti Hannele Olavi Sofia Petteri Katariina Elina Emilia Kristiina Eeva Timo Päivi Kari "
            "Mikko Antti Jari Sari Tiina Jukka Heikki Pekka Ulla Satu Ville Aino Eero Outi Jaakko Venla Onni Helmi "
            "Väinö Eetu Aada Iida Lauri Elsa Toivo Hilla Kaisa Merja Pirkko Seppo Riitta Teemu Sanna Hanna Tuomas "
            "Janne Sami Marko Jenni Laura Noora Roosa Saara Oona Niko Joona Arttu Aleksi Emmi Veera Siiri Tuulikki "
            "Raimo Esa Irma Terttu Ritva Jorma Risto Ismo Åsa Östen"
        ),
        _words(
            "Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen Lehtonen Lehtinen "
            "Saarinen Salminen Heinonen Niemi Heikkilä Kinnunen Salonen Turunen Salo Laitinen Tuominen Rantanen "
            "Karjalainen Jokinen Mattila Savolainen Lahtinen Ahonen Ojala Leppänen Väisänen Hiltunen Kallio Miettinen "
            "Leinonen Pitkänen Aaltonen Manninen Hakala Koivisto Anttila Laaksonen Hirvonen Räsänen Lehto Laakso "
            "Toivonen Rantala Mustonen Aalto Niemelä Kettunen Nurmi Nieminen Peltonen Hänninen Moilanen Partanen "
            "Kärkkäinen Seppälä Vainio Salmi Hyvönen Kemppainen Ikonen Peltola Lindström Pulkkinen Immonen Nurminen "
            "Suominen Kokkonen Vuorinen Honkanen Halonen Eskelinen Rautio Pesonen Backman Öhman Ylönen Kiviniemi Särkkä"
        ),
        _words(
            "Mannerheimintie Hämeentie Koulukatu Rantatie Kirkkokatu Puistotie Asematie Kauppakatu Mäkitie Koivutie"
        ),
        "example.fi",
    ),
    Country(
        "NL",
        "nl",
        _words(
            "Maria Johannes Johanna Jan Anna Cornelis Willem Hendrik Elisabeth Pieter Daan Sem Emma Julia Sophie Lotte "
            "Bram Thijs Lars Tim Anouk Femke Sanne Ruben Jesse Noah Luuk Mees Tess Fleur Eva Lieke Maud Roos Saar "
            "Sander Jeroen Wouter Bas Joost Marieke Ingrid Wilma Gerrit Dirk Klaas Henk Piet Kees Ans Truus Riet "
            "Mohammed Fatima Yusuf Aylin Niels Koen Stijn Gijs Floor Jasmijn Noor Zoë Loïs Chloë René Daniëlle"
        ),
        (
            *_words(
                "Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra Smits Koster "
                "Prins Huisman Postma Kuipers Kok Schouten Willems Verhoeven Kramer Maas Scholten Veenstra Kuiper "
                "Hoekstra Timmermans Groen Gerritsen Jonker Sanders Bosch Kroon Wolters Verbeek Molenaar Hermans "
                "Post Boer Martens Blom Hofman Willemsen Bosman Lammers Evers Jacobs Vink Driessen Peeters Groot Ruiter"
            ),
            "de Jong",
            "de Vries",
            "van den Berg",
            "van Dijk",
            "de Boer",
            "de Groot",
            "van der Meer",
            "van Leeuwen",
            "de Wit",
            "van der Linden",
            "van den Broek",
            "de Haan",
        ),
        _words(
            "Kerkstraat Schoolstraat Molenweg Dorpsstraat Hoofdstraat Julianastraat Parallelweg Nieuwstraat Beatrixlaan"
        ),
        "voorbeeld.example.nl",
    ),
    Country(
        "DE",
        "de",
        _words(
            "Peter Maria Michael Sabine Thomas Susanne Andreas Petra Wolfgang Monika Claus Ursula Jürgen Renate Günter "
            "Helga Stefan Karin Uwe Brigitte Werner Ingrid Klaus Erika Hans Christa Frank Andrea Jörg Claudia Dieter "
            "Gisela Horst Birgit Manfred Heike Bernd Silke Ralf Anja Matthias Nicole Christian Stefanie Martin Katrin "
            "Jan Julia Tobias Anna Lukas Lena Finn Emma Jonas Mia Paul Hannah Leon Sophie Felix Lea Maximilian Marie "
            "Ayşe Mehmet Olga Dmitri Agnieszka Łukasz Björn Sönke Käthe Zoë Anna-Lena Karl-Heinz Hans-Peter"
        ),
        _words(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter "
            "Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz "
            "Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters "
            "Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck "
            "Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt "
            "Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn "
            "Y\u0131lmaz Kaya Kowalski Nowak Öztürk Meyer-Schulze"
        ),
        _words(
            "Hauptstraße Schulstraße Gartenstraße Bahnhofstraße Dorfstraße Bergstraße Birkenweg Lindenstraße Waldweg"
        ),
        "beispiel.example.de",
    ),
    Country(
        "GB",
        "en",
        _words(
            "David Susan John Margaret Michael Sarah Peter Karen Robert Jacqueline Paul Julie James Amanda Andrew "
            "Helen Stephen Elizabeth Mark Jane Christopher Emma Richard Laura Oliver Olivia George Amelia Harry Isla "
            "Noah Ava Jack Emily Leo Sophia Arthur Grace Muhammad Lily Oscar Freya Henry Ivy Archie Florence Joshua "
            "Poppy Thomas Charlotte William Jessica Alfie Ella Charlie Sophie Mia Siobhán Seán Niamh Priya Arjun Zainab"
        ),
        _words(
            "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White "
            "Roberts Green Hall Wood Jackson Clarke Patel Khan Lewis James Phillips Mason Mitchell Rose Davis Rodgers "
            "Baker Cooper Hill Ward Moore Morris Clark Harrison King Watson Turner Parker Edwards Hughes Morgan Bell "
            "Cox Richardson Howard Allen Young Murphy O'Brien O'Connor Begum Hussain Ahmed Singh Kaur Macdonald "
            "Stewart Campbell Anderson Fraser Murray Reid Kelly Byrne Smith-Jones Fitzgerald Featherstonehaugh"
        ),
        ("High Street", "Station Road", "Church Lane", "Park Road", "Victoria Road", "Green Lane", "Manor Road"),
        "example.co.uk",
    ),
)
_CITIES = {"FI": "Tampere", "NL": "Utrecht", "DE": "Kassel", "GB": "Leeds"}
_PREFIXES = {"FI": ("+35840", 7), "NL": ("+316", 8), "DE": ("+49151", 8), "GB": ("+4477", 8)}


class _Frequent:
    """Picks from a list as Zipf's law has it."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts
        self.weights = list(accumulate(1 / (place + 5) for place in range(len(texts))))


_NAMES = {each.code: (_Frequent(each.first), _Frequent(each.last)) for each in COUNTRIES}


def people(count: int, seed: int = SEED, first_number: int = 0) -> Iterator[Customer]:
    """So many customers. One in twelve is a company, half have an email, three of four a phone, two of three a home."""
    chance = random.Random(seed)  # noqa: S311 - the same people in every run are wanted
    for number in range(first_number, first_number + count):
        yield _person(number, chance)


def _person(number: int, chance: random.Random) -> Customer:
    country = chance.choice(COUNTRIES)
    firsts, lasts = _NAMES[country.code]
    first = chance.choices(firsts.texts, cum_weights=firsts.weights)[0]
    if chance.random() < 0.25:
        first = f"{first} {chance.choices(firsts.texts, cum_weights=firsts.weights)[0]}"
    last = chance.choices(lasts.texts, cum_weights=lasts.weights)[0]
    prefix, digits = _PREFIXES[country.code]
    return Customer(
        customer_id=CustomerId(f"0190a000-0000-7000-8000-{number:012x}"),
        revision=1,
        first_name=first,
        last_name=last,
        company=f"{last} {chance.choice(('Bikes', 'Oy', 'GmbH', 'BV', 'Ltd'))}" if chance.random() < 0.08 else "",
        emails=(f"{_plain(first)}.{_plain(last)}{number}@{country.host}",) if chance.random() < 0.5 else (),
        phones=(f"{prefix}{chance.randrange(10**digits):0{digits}}",) if chance.random() < 0.75 else (),
        codes=(f"C{number * 7919 % 10**8:08}",),
        language=country.language,
        addresses=(_home(country, chance),) if chance.random() < 0.66 else (),
    )


def _home(country: Country, chance: random.Random) -> Address:
    letters = "".join(chance.choices("ABCDEFGHJKLMNPRSTVWXZ", k=2))
    code = {
        "NL": f"{chance.randrange(1000, 10000)} {letters}",
        "GB": f"{letters}{chance.randrange(1, 30)} {chance.randrange(1, 10)}{letters}",
    }.get(country.code, f"{chance.randrange(1000, 99999):05}")
    return Address(
        street=chance.choice(country.streets),
        house_number=str(chance.randrange(1, 120)),
        addition="abc"[chance.randrange(3)] if chance.random() < 0.1 else "",
        postcode=code,
        city=_CITIES[country.code],
        country=CountryCode(country.code),
    )


def _plain(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isascii() and each.isalnum())
