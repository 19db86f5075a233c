import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useRef } from 'react';
import { useNarrow } from './narrow.ts';

interface Props<Item> {
  label: string;
  columns: string[];
  items: Item[];
  keyOf: (item: Item) => string;
  /** The cells of a row, one per column. */
  cells: (item: Item) => ReactNode[];
  /** Called when the end comes into view. */
  onEnd?: (() => void) | undefined;
  /** Called with the first and the last row in view, whenever they are other ones. */
  onLook?: ((first: number, last: number) => void) | undefined;
  className: string;
}

const rowHeight = 42;
const narrowRowHeight = 76;

/** A table that draws only the rows in view, however many there are. */
export function VirtualRows<Item>({ label, columns, items, keyOf, cells, onEnd, onLook, className }: Props<Item>) {
  const list = useRef<HTMLDivElement>(null);
  const height = useNarrow() ? narrowRowHeight : rowHeight;
  const virtualizer = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height of the rows asks for new places
  useEffect(() => virtualizer.measure(), [height]);
  const rows = virtualizer.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= items.length - 1 && items.length > 0) onEnd?.();
  }, [last, items.length, onEnd]);
  // Not `rows`: more are drawn than are in view.
  const { startIndex = 0, endIndex = 0 } = virtualizer.range ?? {};
  useEffect(() => onLook?.(startIndex, endIndex), [startIndex, endIndex, onLook]);

  return (
    <div role="table" aria-label={label} aria-rowcount={items.length + 1} className={`virtual ${className}`}>
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className="virtual-row virtual-head">
          {columns.map((name) => (
            <div key={name} role="columnheader">
              {name}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" ref={list} className="virtual-body" style={{ height: virtualizer.getTotalSize() }}>
        {rows.map(({ index, key, start }) => {
          const item = items[index];
          return (
            item !== undefined && (
              <div
                key={key}
                role="row"
                aria-rowindex={index + 2}
                className="virtual-row"
                style={{ height, transform: `translateY(${start - virtualizer.options.scrollMargin}px)` }}
              >
                {cells(item).map((cell, at) => (
                  <div key={columns[at]} role="cell">
                    {cell}
                  </div>
                ))}
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}
