"""A monthly budget of what carries the installation's cost tag, for the whole account, whatever its regions."""

from aws_cdk import Environment, Stack
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from parley_eks.settings import Budget, Settings

COST_TAG = "parley:installation"
"""Has to be activated once as a cost allocation tag, in the account that pays (docs/deployment.md)."""


class BudgetStack(Stack):
    """The budget; it is of no region, and stands in the first one."""

    def __init__(self, scope: Construct, id: str, settings: Settings, budget: Budget) -> None:
        super().__init__(scope, id, env=Environment(account=settings.account, region=settings.regions[0].region))
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"parley-{settings.installation}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=budget.monthly_usd, unit="USD"),
                # `user:key$value` is how Budgets writes a tag of one's own.
                cost_filters={"TagKeyValue": [f"user:{COST_TAG}${settings.installation}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=email)
                        for email in budget.emails
                    ],
                )
                for kind, percent in (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
            ],
        )
