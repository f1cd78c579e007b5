"""A monthly budget of all that the account is billed for, whatever its regions.

Not by the cost tag: most of what an installation costs carries none. Bedrock's calls have no resource of ours, and a
Fargate profile's tags "do not propagate to … the pods that are scheduled with it" (EKS's API reference).
"""

from aws_cdk import Environment, Stack
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from parley_eks.settings import Budget, Settings

COST_TAG = "parley:installation"
"""On all that takes tags, for Cost Explorer; to be activated once, in the account that pays (docs/deployment.md)."""


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
                # In an organisation's paying account a budget without it would count every member's.
                cost_filters={"LinkedAccount": [settings.account]},
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
