import { TextInput, type TextInputProps } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

const PAUSE_MS = 250;

/** An input for a search. It waits for a pause in the typing before it says what is searched for. */
export function SearchInput(
  props: Omit<TextInputProps, "value" | "onChange"> & {
    value: string;
    onSearch: (text: string) => void;
  },
) {
  const { value, onSearch, ...others } = props;
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  const search = useDebouncedCallback((typed: string) => onSearch(typed.trim()), PAUSE_MS);
  // The address has changed by other means, such as a link.
  if (shown !== value) {
    setShown(value);
    if (text.trim() !== value) setText(value);
  }
  return (
    <TextInput
      type="search"
      size="xs"
      maxLength={200}
      {...others}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        search(event.currentTarget.value);
      }}
    />
  );
}
