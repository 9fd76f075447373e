"""The one MetaData that every table of the store belongs to, and the kinds of columns that many share."""

from sqlalchemy import BigInteger, Column, ForeignKey, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def owner_column() -> Column[str]:
    """The account whose row it is. Erasing the account erases the row."""
    return Column(
        "owner_id",
        String(28),
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    )


def time_column(name: str, *, nullable: bool = True) -> Column[int]:
    """UTC milliseconds since 1970."""
    return Column(name, BigInteger, nullable=nullable)
