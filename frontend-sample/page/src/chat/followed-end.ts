// Keeps the end of a growing text in view, unless the reader has scrolled away from it.

import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';

const NEAR_PIXELS = 48;

export function useFollowedEnd(box: RefObject<HTMLElement | null>, content: unknown): void {
  const following = useRef(true);

  useEffect(() => {
    const element = box.current;
    const scrolled = () => {
      if (element) following.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PIXELS;
    };
    element?.addEventListener('scroll', scrolled, { passive: true });
    return () => element?.removeEventListener('scroll', scrolled);
  }, [box]);

  useLayoutEffect(() => {
    if (following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [box, content]);
}
