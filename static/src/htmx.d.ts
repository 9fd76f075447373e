declare module "htmx.org/dist/htmx.esm.js" {
  const htmx: {
    ajax(verb: string, path: string, context: { target?: string | Element; swap?: string; values?: Record<string, string> }): Promise<void>;
    process(element: Element): void;
    config: Record<string, unknown>;
  };
  export default htmx;
}
