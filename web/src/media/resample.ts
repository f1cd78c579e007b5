/**
 * Brings a stream of samples to another rate and to 16 bits, in frames of a fixed length.
 *
 * Going down, each output sample is the mean of the input that it covers: a low pass good enough for speech. Going up,
 * or at the same rate, it is the input sample at its place.
 */
export class Resampler {
  private readonly step: number;
  private frame: Int16Array<ArrayBuffer>;
  private filled = 0;
  /** How much of the current output sample the input has covered, in input samples. */
  private covered = 0;
  private sum = 0;

  /**
   * @param from rate of the input (Hz)
   * @param to rate of the output (Hz)
   * @param frameLength samples in a frame
   */
  constructor(
    from: number,
    to: number,
    private readonly frameLength: number,
    private readonly emit: (frame: Int16Array<ArrayBuffer>) => void,
  ) {
    this.step = from / to;
    this.frame = new Int16Array(frameLength);
  }

  push(samples: Float32Array): void {
    for (const sample of samples) this.add(sample);
  }

  private add(sample: number): void {
    let left = 1;
    while (this.covered + left >= this.step) {
      const part = this.step - this.covered;
      this.write((this.sum + sample * part) / this.step);
      left -= part;
      this.covered = 0;
      this.sum = 0;
    }
    this.covered += left;
    this.sum += sample * left;
  }

  private write(sample: number): void {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.frame[this.filled++] = clipped < 0 ? clipped * 0x8000 : clipped * 0x7fff;
    if (this.filled < this.frameLength) return;
    this.emit(this.frame);
    this.frame = new Int16Array(this.frameLength);
    this.filled = 0;
  }
}
