import { clsx, type ClassValue } from 'clsx'
import { twMerge } from 'tailwind-merge'

/** Class names, the later of two that contradict each other winning. */
export function cn(...names: ClassValue[]): string {
  return twMerge(clsx(names))
}
