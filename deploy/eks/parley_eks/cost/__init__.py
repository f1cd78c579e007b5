"""What an installation costs, by list prices: the prices, the arithmetic, and the tables of docs/operations/cost.md."""
