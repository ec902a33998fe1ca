/** A canvas as large as it is shown, in CSS pixels, with nothing on it; undefined where there is no drawing. */
export function cleared(canvas: HTMLCanvasElement):
  | {
      readonly context: CanvasRenderingContext2D;
      readonly width: number;
      readonly height: number;
      /** A colour of the page, as it is at this moment. */
      readonly colour: (name: string) => string;
    }
  | undefined {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  const style = getComputedStyle(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, colour: (name) => style.getPropertyValue(name) };
}

/** Somebody has asked for as little movement as possible. */
export const wantsStillness = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
