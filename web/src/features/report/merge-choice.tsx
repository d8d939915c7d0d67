'use client'
import { Button } from '@/components/ui/button'
import { EvidenceText } from '@/components/value'
import { plainLine } from '@/lib/evidence'
import { bareName } from '@/lib/names'
import { say } from '@/lib/strings'
import type { ReportClaim } from './queries'
import { wordDiff } from './words'

interface Props {
  base: string
  mine: string
  theirs: ReportClaim
  onTheirs: () => void
  onMine: () => void
  onBoth: () => void
}

/** Two people wrote one sentence: both are shown against what it was, and nothing is lost until somebody chooses. */
export function MergeChoice({ base, mine, theirs, onTheirs, onMine, onBoth }: Props) {
  const who = plainLine(bareName(theirs.decided_by ?? ''), 60)
  return (
    <section role="alert" aria-label={say.merge.title} className="mb-3 rounded-lg bg-sunk p-3">
      <p className="text-[13px] font-[580]">{say.merge.told(who)}</p>
      <dl className="mt-2 grid grid-cols-[52px_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-[13px] leading-5">
        <dt className="text-ink-3">{say.merge.theirs}</dt>
        <dd>
          <Words before={base} after={theirs.text} />
        </dd>
        <dt className="text-ink-3">{say.merge.mine}</dt>
        <dd>
          <Words before={base} after={mine} />
        </dd>
      </dl>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button size="s" onClick={onTheirs}>
          {say.merge.takeTheirs}
        </Button>
        <Button size="s" onClick={onMine}>
          {say.merge.keepMine}
        </Button>
        <Button size="s" onClick={onBoth}>
          {say.merge.both}
        </Button>
      </div>
    </section>
  )
}

function Words({ before, after }: { before: string; after: string }) {
  return wordDiff(before, after).map((piece, i) =>
    piece.how === 'same' ? (
      <EvidenceText key={i} text={piece.text} />
    ) : piece.how === 'added' ? (
      <ins key={i} className="bg-ok/15 text-ink no-underline">
        <EvidenceText text={piece.text} />
      </ins>
    ) : (
      <del key={i} className="text-ink-3 decoration-act-high/60">
        <EvidenceText text={piece.text} />
      </del>
    ),
  )
}
