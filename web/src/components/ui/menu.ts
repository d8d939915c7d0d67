/** How all menus look. */
export const menuLook =
  'rise z-50 min-w-52 rounded-lg bg-lifted p-1 shadow-[0_12px_40px_-8px_oklch(0_0_0/0.5)] ring-1 ring-line outline-none'
export const menuItem =
  'flex h-8 cursor-default items-center gap-2.5 rounded-md px-2.5 text-[13px] text-ink-2 outline-none select-none data-[disabled]:opacity-40 data-[highlighted]:bg-line data-[highlighted]:text-ink'
