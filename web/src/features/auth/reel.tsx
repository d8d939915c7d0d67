/** A drawn timeline, the product's own picture: density, acts, a playhead between what is known and what is not yet. */
const LANES = 7
const STEP = 13

// A fixed sequence, so that server and browser draw the same.
function noise(seed: number): number {
  const x = Math.sin(seed * 127.1) * 43758.5453
  return x - Math.floor(x)
}

const ACTS: [lane: number, x: number, colour: string][] = [
  [1, 120, 'medium'], [1, 196, 'high'], [1, 240, 'high'], [1, 330, 'critical'], [2, 424, 'high'], [2, 470, 'medium'],
  [4, 540, 'medium'], [4, 610, 'high'], [5, 668, 'critical'], [5, 700, 'high'],
] // prettier-ignore

export function Reel() {
  return (
    <svg viewBox="0 0 760 620" preserveAspectRatio="xMidYMid slice" className="absolute inset-0 size-full">
      <defs>
        <linearGradient id="past" x1="0" x2="1">
          <stop offset="0" stopColor="white" stopOpacity=".25" />
          <stop offset=".74" stopColor="white" stopOpacity="1" />
          <stop offset=".741" stopColor="white" stopOpacity=".22" />
          <stop offset="1" stopColor="white" stopOpacity=".16" />
        </linearGradient>
        <mask id="film">
          <rect width="760" height="620" fill="url(#past)" />
        </mask>
      </defs>
      <g mask="url(#film)">
        {Array.from({ length: LANES }, (_, lane) => (
          <g key={lane} transform={`translate(0 ${96 + lane * 54})`}>
            <rect width="760" height="1" y="27" fill="var(--hair)" />
            {Array.from({ length: Math.floor(760 / STEP) }, (_, i) => {
              const burst = ACTS.some(([at, x]) => at === lane && Math.abs(x - i * STEP) < 26) ? 12 : 0
              const high = 2 + noise(lane * 91 + i) * (lane % 3 === 1 ? 15 : 9) + burst * noise(i)
              return (
                <rect
                  key={i}
                  x={i * STEP}
                  y={26 - high}
                  width={STEP - 2}
                  height={high}
                  fill={lane === 1 || lane === 2 ? 'var(--asset)' : 'var(--log)'}
                  opacity=".34"
                />
              )
            })}
          </g>
        ))}
        <path d="M330 152 C360 165 395 195 424 205" stroke="var(--act-high)" strokeWidth="1.500" fill="none" />
        <path d="M470 206 C500 230 515 300 540 314" stroke="var(--act-medium)" strokeWidth="1.500" fill="none" />
        {ACTS.map(([lane, x, colour]) => (
          <path
            key={`${lane}-${x}`}
            transform={`translate(${x} ${106 + lane * 54})`}
            d="M0-8 6.500 0 0 8-6.500 0z"
            fill={`var(--act-${colour})`}
          />
        ))}
      </g>
      <rect x="562" y="78" width="2" height="420" fill="var(--accent)" />
      <path d="M556 70h14v8l-7 8-7-8z" fill="var(--accent)" />
    </svg>
  )
}
