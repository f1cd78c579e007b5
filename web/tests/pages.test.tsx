import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Refusal } from "../src/api/problem";
import { Elsewhere, Left, Opening, Over, Refused, Unreachable, Waiting } from "../src/pages/Plain";
import { Welcome } from "../src/pages/Welcome";
import { expectAccessible } from "./axe";
import { interview } from "./interview";

const nothing = (): void => undefined;

describe("Welcome", () => {
  const show = (props: Partial<Parameters<typeof Welcome>[0]> = {}) => {
    const onAgree = vi.fn();
    const onDecline = vi.fn();
    const view = render(
      <Welcome interview={interview()} sending={false} trouble={null} onAgree={onAgree} onDecline={onDecline} {...props} />,
    );
    return { onAgree, onDecline, user: userEvent.setup(), ...view };
  };

  it("says what this is before it asks for consent", async () => {
    const { container } = show();
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("Platform Engineer");
    expect(screen.getByRole("heading", { level: 1 })).toHaveFocus();
    expect(screen.getByText(/Ada, an AI interviewer/)).toBeVisible();
    expect(screen.getByText("Up to 30 minutes")).toBeVisible();
    expect(screen.getByText("4 questions")).toBeVisible();
    expect(screen.getByText("American English")).toBeVisible();
    expect(screen.getByText("We keep a transcript.")).toBeVisible();
    await expectAccessible(container);
  });

  it("is agreed to by keyboard alone, with a button that says so", async () => {
    const { onAgree, user } = show();
    await user.tab();
    expect(screen.getByRole("button", { name: "I agree, continue" })).toHaveFocus();
    await user.keyboard("{Enter}");
    expect(onAgree).toHaveBeenCalledOnce();
  });

  it("asks nothing to be agreed to where the template requires no consent", () => {
    const given = interview();
    show({ interview: { ...given, consent: { ...given.consent, required: false } } });
    expect(screen.getByTestId("consent-accept")).toHaveTextContent("Continue");
  });

  it("can't be sent twice, and says when it did not go through", async () => {
    const { rerender, user, onAgree } = show({ sending: true });
    const button = screen.getByTestId("consent-accept");
    button.focus();
    await user.click(button);
    expect(onAgree).not.toHaveBeenCalled();
    expect(button, "which a disabled one would lose").toHaveFocus();
    rerender(<Welcome interview={interview()} sending={false} trouble="failed" onAgree={nothing} onDecline={nothing} />);
    expect(screen.getByRole("alert")).toHaveTextContent("didn’t go through");
    rerender(<Welcome interview={interview()} sending={false} trouble="changed" onAgree={nothing} onDecline={nothing} />);
    expect(screen.getByRole("alert")).toHaveTextContent("has changed");
  });

  it("says that sound is kept where it is recorded", () => {
    show({ interview: interview("open", { recording: true }) });
    expect(screen.getByText(/recording of the sound/)).toBeVisible();
    expect(screen.queryByTestId("consent-decline"), "without agreeing nobody gets in").toBeNull();
  });

  it("lets the candidate go on without a recording where no consent is required", async () => {
    const given = interview("open", { recording: true });
    const { container, onAgree, onDecline, user } = show({
      interview: { ...given, consent: { ...given.consent, required: false } },
    });
    expect(screen.getByTestId("consent-accept")).toHaveTextContent("I agree, continue");
    await expectAccessible(container);
    await user.click(screen.getByRole("button", { name: "Continue without a recording" }));
    expect(onDecline).toHaveBeenCalledOnce();
    expect(onAgree).not.toHaveBeenCalled();
  });
});

describe("the pages of one message", () => {
  it.each<Refusal>(["missing", "invalid", "revoked", "expired", "cancelled", "failed"])("explains: %s", async (why) => {
    const { container } = render(<Refused why={why} />);
    expect(screen.getByTestId("error-page")).toBeVisible();
    await expectAccessible(container);
  });

  it("shows when an early interview opens, in the candidate's zone", async () => {
    const { container } = render(<Waiting interview={interview("scheduled", { opensAt: "2026-11-24T09:00:00Z" })} />);
    expect(container.querySelector("time")).toHaveAttribute("dateTime", "2026-11-24T09:00:00Z");
    expect(screen.getByText(/Your time zone/)).toBeVisible();
    await expectAccessible(container);
  });

  it.each([
    ["opening", <Opening key="p" />],
    ["unreachable", <Unreachable key="p" tries={3} fault={false} onRetry={nothing} />],
    ["elsewhere", <Elsewhere key="p" refused={false} onJoin={nothing} />],
    ["left", <Left key="p" onBack={nothing} />],
    ["over", <Over key="p" title="Engineer" reason="Completed" />],
  ])("is accessible: %s", async (_name, page) => {
    const { container } = render(page);
    await expectAccessible(container);
  });

  it("thanks for whatever reason it ended, known or not", () => {
    const { rerender } = render(<Over title={null} reason="TimeLimit" />);
    expect(screen.getByText(/time for the interview is used up/)).toBeVisible();
    rerender(<Over title={null} reason="SomethingNew" />);
    expect(screen.getByText(/The interview is over/)).toBeVisible();
  });
});
