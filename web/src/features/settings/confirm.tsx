'use client'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { Modal } from '@/components/ui/modal'
import { say } from '@/lib/strings'
import { Refusal } from './section'

/** Asked before something ends for good; stays open, and says why, when it was refused. */
export function Confirm({
  open,
  close,
  title,
  about,
  verb,
  run,
  children,
}: {
  open: boolean
  close: () => void
  title: string
  about: ReactNode
  verb: string
  run: () => Promise<unknown>
  children?: ReactNode
}) {
  const done = useMutation({ mutationFn: run, onSuccess: close })
  return (
    <Modal
      open={open}
      onOpen={(yes) => {
        if (yes) return
        done.reset()
        close()
      }}
      title={title}
      about={about}
    >
      <div className="flex flex-col gap-4">
        {children}
        <Refusal error={done.error} />
        <div className="flex justify-end gap-2">
          <Button kind="bare" onClick={close}>
            {say.cancel}
          </Button>
          <Button kind="main" disabled={done.isPending} onClick={() => done.mutate()}>
            {verb}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
