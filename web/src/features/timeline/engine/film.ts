/** The page's one clock: what stretch is looked at, where the playhead stands, and whether the film runs. */
import { followed, nextMark, played, speedFor } from './playback'
import { between, sameSpan, within, type Span } from './scale'

export interface FilmState {
  /** All that is known of the incident. */
  whole: Span
  /** From the first to the last act, with some air: what a replay plays. */
  story: Span
  view: Span
  playhead: number | null
  playing: boolean
  speed: number
  /** The stretch being marked with the pointer. */
  brush: Span | null
  /** Pointer's time, for the hairline. */
  hover: number | null
}

type Listener = (state: FilmState, before: FilmState) => void
const GLIDE_MS = 220

export class Film {
  private state: FilmState
  private readonly listeners = new Set<Listener>()
  private frame = 0
  private glide: { from: Span; to: Span; begun: number } | null = null
  private lastTick = 0
  marks: readonly number[] = []

  constructor(
    whole: Span,
    story: Span,
    private readonly stillness: () => boolean,
    private readonly now: () => number = () => performance.now(),
    private readonly nextFrame: (work: () => void) => number = (work) => requestAnimationFrame(work),
    private readonly dropFrame: (id: number) => void = (id) => cancelAnimationFrame(id),
  ) {
    const speed = speedFor(story)
    this.state = { whole, story, view: story, playhead: null, playing: false, speed, brush: null, hover: null }
  }

  get = (): FilmState => this.state

  /** The stretch that will be looked at when what moves has come to rest. */
  get goal(): Span {
    return this.glide?.to ?? this.state.view
  }

  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  set(patch: Partial<FilmState>): void {
    const before = this.state
    this.state = { ...before, ...patch }
    for (const listener of [...this.listeners]) listener(this.state, before)
  }

  /** Look at that stretch at once: the pointer holds it. */
  look(view: Span): void {
    this.glide = null
    this.set({ view: within(view) })
  }

  /** Move there, so that the eye can follow; at once where motion is not wanted. */
  glideTo(view: Span): void {
    const to = within(view)
    if (this.stillness() || sameSpan(to, this.state.view)) return this.look(to)
    this.glide = { from: this.state.view, to, begun: this.now() }
    this.run()
  }

  /** Put the playhead somewhere; the view follows when it would leave it. */
  seek(at: number | null): void {
    if (at === null) return this.set({ playhead: null, playing: false })
    const playhead = Math.min(Math.max(at, this.state.whole.from), this.state.whole.to)
    const view = followed(this.state.view, playhead)
    this.set({ playhead })
    if (view) this.glideTo(view)
  }

  /** Next or previous mark. */
  step(direction: 1 | -1): void {
    const { story, view } = this.state
    const at = this.state.playhead ?? (direction > 0 ? Math.max(story.from, view.from) : Math.min(story.to, view.to))
    const next = nextMark(this.marks, at, direction)
    if (next !== null) this.seek(next)
  }

  /** Run or halt. Where motion is not wanted the film does not run: each press is one step. */
  toggle(): void {
    if (this.stillness()) return this.step(1)
    if (this.state.playing) return this.set({ playing: false })
    const { playhead, story } = this.state
    const begin = playhead === null || playhead >= story.to - 1 ? story.from : playhead
    this.lastTick = this.now()
    this.set({ playing: true, playhead: begin })
    const view = followed(this.state.view, begin)
    if (view) this.glideTo(view)
    this.run()
  }

  stop(): void {
    this.dropFrame(this.frame)
    this.frame = 0
    this.glide = null
    this.listeners.clear()
  }

  private run(): void {
    if (this.frame === 0) this.frame = this.nextFrame(() => this.tick())
  }

  private tick(): void {
    this.frame = 0
    const now = this.now()
    const patch: Partial<FilmState> = {}
    if (this.glide) {
      const share = Math.min(1, (now - this.glide.begun) / GLIDE_MS)
      patch.view = between(this.glide.from, this.glide.to, 1 - (1 - share) ** 3)
      if (share >= 1) this.glide = null
    }
    if (this.state.playing && this.state.playhead !== null) {
      const next = played(this.state.playhead, now - this.lastTick, this.state.speed, this.state.story)
      patch.playhead = next.at
      patch.playing = next.playing
      if (!this.glide) {
        const view = followed(patch.view ?? this.state.view, next.at)
        // A fast film would glide without end: it goes page by page instead.
        if (view) this.glide = { from: patch.view ?? this.state.view, to: view, begun: now }
      }
    }
    this.lastTick = now
    this.set(patch)
    if (this.glide || this.state.playing) this.run()
  }
}
