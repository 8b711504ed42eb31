"""Memories of a project that lived, and questions about them: many subjects, few words in common."""

THINGS = "invoice parser,login page,search index,billing worker,mail gateway,report builder,image cache,audit log,rate limiter,\
feature flags,queue consumer,export job,session store,webhook handler,price table,user import,backup script,map view,chat \
widget,permission check,upload form,thumbnail service,sync engine,license server".split(",")
TOOLS = "Docker PostgreSQL pytest Grafana Redis OAuth Meson Kafka SQLite Terraform Vault rsync Nginx Ansible Celery Sentry".split()
PEOPLE = "Alice Bruno Chen Dana Emil Farah Goran Hana Ines Jonas Kofi Lena Marta Nils Olga Pavel".split()
TEMPLATES = (
    "{person} owns the {thing} since build {n}",
    "We decided to move the {thing} to {tool} in sprint {n}",
    "Never restart the {thing} while {tool} migrates, ticket {n}",
    "The {thing} fails with error {n} when {tool} is down; restarting it helps",
    "{person} prefers {tool} over hand-written scripts for the {thing}",
    "Timeouts of the {thing} were raised to {n} ms after the outage",
    "The {thing} reads its settings from /etc/app{n}.toml",
    "Release {n} removed {tool} from the {thing}",
    "{person} reviewed pull request {n} about the {thing}",
    "Customers complained about the {thing}: case {n}",
    "Endpoint /v2/items/{n} belongs to the {thing}",
    "{tool} runs on host node{n} for the {thing}",
)
QUESTIONS = (
    "who owns the {thing}?",
    "why did we move the {thing} to {tool}?",
    "what helps when the {thing} fails?",
    "which timeout has the {thing}?",
    "where does the {thing} read its settings?",
    "what did {person} say about {tool}?",
)


def vary(patterns, number):
    """The text of that number. One in twenty says what another has said."""
    pick = lambda items, step: items[number // step % len(items)]  # noqa: E731
    return pick(patterns, 1).format(thing=pick(THINGS, 7), tool=pick(TOOLS, 3), person=pick(PEOPLE, 11), n=1000 + number)
