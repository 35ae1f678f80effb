/** The input of one field. An empty input is null. */

import {
  Autocomplete,
  MultiSelect,
  NumberInput,
  Select,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";

import type { DateRange, Level } from "~/api/types";

import { AgentInput } from "./AgentInput";
import type { Field } from "./fields";
import { LanguagesInput } from "./LanguagesInput";
import { RangesInput } from "./RangesInput";

interface Props<T> {
  field: Field<T>;
  value: unknown;
  error: string | null;
  /** The member of the value that the error is about. */
  member?: string | undefined;
  /** It has the keyboard when the form opens. */
  isFirst?: boolean;
  onChange: (value: unknown) => void;
}

const orNull = (text: string) => (text === "" ? null : text);
const listOrNull = (list: string[]) => (list.length === 0 ? null : list);

export function FieldInput<T>({ field, value, error, member, isFirst, onChange }: Props<T>) {
  const text = typeof value === "string" ? value : "";
  const list = Array.isArray(value) ? (value as string[]) : [];
  const common = {
    name: field.name,
    label: field.label,
    description: field.hint,
    error,
    size: "xs" as const,
    withAsterisk: field.required === true,
    "aria-required": field.required === true,
    "data-autofocus": isFirst === true ? true : undefined,
  };
  switch (field.kind) {
    case "textarea":
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={10}
          value={text}
          onChange={(event) => onChange(orNull(event.currentTarget.value))}
        />
      );
    case "number":
      return (
        <NumberInput
          {...common}
          value={typeof value === "number" ? value : ""}
          min={field.min}
          max={field.max}
          clampBehavior="none"
          allowDecimal={false}
          allowNegative={false}
          hideControls
          onChange={(next) => onChange(next === "" ? null : Number(next))}
        />
      );
    case "select":
      return (
        <Select
          {...common}
          data={field.options}
          value={typeof value === "string" ? value : null}
          clearable={field.required !== true}
          searchable={field.options.length > 10}
          onChange={onChange}
        />
      );
    case "code":
      return (
        <Autocomplete
          {...common}
          data={field.options.map((option) => option.value)}
          renderOption={({ option }) =>
            field.options.find((each) => each.value === option.value)?.label ?? option.value
          }
          value={text}
          onChange={(next) => onChange(orNull(next))}
        />
      );
    case "multi":
      return (
        <MultiSelect
          {...common}
          data={field.options}
          value={list}
          searchable
          onChange={(next) => onChange(listOrNull(next))}
        />
      );
    case "tags":
      return (
        <TagsInput
          {...common}
          value={list}
          acceptValueOnBlur
          splitChars={[","]}
          onChange={(next) => onChange(listOrNull(next))}
        />
      );
    case "switch":
      return (
        <Switch
          {...common}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "languages":
      return (
        <LanguagesInput
          label={field.label}
          error={error}
          value={(value ?? {}) as Record<string, Level>}
          onChange={onChange}
        />
      );
    case "agent":
      return (
        <AgentInput
          label={field.label}
          error={error}
          wrong={member}
          value={value ?? null}
          onChange={onChange}
        />
      );
    case "ranges":
      return (
        <RangesInput
          label={field.label}
          error={error}
          value={(value ?? []) as DateRange[]}
          onChange={onChange}
        />
      );
    default:
      return (
        <TextInput
          {...common}
          type={
            { text: "text", date: "date", url: "url", email: "email", phone: "tel" }[field.kind]
          }
          value={text}
          onChange={(event) => onChange(orNull(event.currentTarget.value))}
        />
      );
  }
}
