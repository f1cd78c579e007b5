import { Component, type ReactNode } from "react";
import { useText } from "../text/useText";
import { Page } from "./Page";

interface BoundaryProps {
  readonly children: ReactNode;
}

/** What is shown in place of a page that failed: the link is in the tab's storage, so loading it again leads back. */
export class Boundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const t = useText();
  return (
    <Page title={t.broken.title} icon="alert" tone="warning" testId="error-page">
      <p className="lead">{t.broken.body}</p>
      <div className="actions">
        <button type="button" className="button" data-testid="reload" onClick={() => window.location.reload()}>
          {t.broken.reload}
        </button>
      </div>
    </Page>
  );
}
