/** All filters of the list of actors. Their values are in the address. */

import { Alert, Button, Input, MultiSelect, Select, TagsInput, Text } from "@mantine/core";
import { useId, useState, type ReactNode } from "react";

import type { Problem } from "~/api/problem";
import type { Actor } from "~/api/types";
import { agesOf, canSort, countFilters, MAX_VALUES, rangeOf } from "~/domain/actorFilters";
import { COUNTRY_OPTIONS, GENDER_NAMES, optionsOf } from "~/domain/words";
import { SearchInput } from "~/ui/SearchInput";

import classes from "./Actors.module.css";
import { useLanguageOptions } from "./useLanguageOptions";

const ACTIVE = [
  { value: "true", label: "Active" },
  { value: "false", label: "Not active" },
];

const SORTS = [
  { value: "name", label: "Name, A to Z" },
  { value: "-name", label: "Name, Z to A" },
];

const FIELDS = [
  "search",
  "gender",
  "playing_age",
  "language",
  "skill",
  "union",
  "country",
  "available_from",
  "available_to",
  "active",
];

export function Filters(props: {
  params: URLSearchParams;
  change: (changes: Record<string, unknown>) => void;
  /** What the API says is wrong with the filters. */
  problem: Problem | null;
  /** Whose skills and unions are suggested. */
  shown: Actor[];
}) {
  const { params, change, problem, shown } = props;
  const [isOpen, setOpen] = useState(false);
  const languages = useLanguageOptions(params.getAll("language"));
  const [min, max] = agesOf(params.get("playing_age"));
  const [from, to] = [params.get("available_from") ?? "", params.get("available_to") ?? ""];
  const count = countFilters(params);
  const sortable = canSort(params);
  const errorOf = (...names: string[]) =>
    problem !== null && names.includes(problem.field ?? "")
      ? sentence(problem.detail.slice((problem.field?.length ?? 0) + 2))
      : null;
  const distinct = (list: (string[] | null)[]) =>
    [...new Set(list.flatMap((each) => each ?? []))].sort((a, b) => a.localeCompare(b));
  const tags = (name: string, label: string, data: string[]) => (
    <TagsInput
      size="xs"
      className={classes.tags}
      classNames={{ inputField: classes.typed }}
      label={label}
      placeholder={params.has(name) ? "" : "Any; several must all match"}
      data={data}
      maxTags={MAX_VALUES}
      splitChars={[","]}
      value={params.getAll(name)}
      error={errorOf(name)}
      onChange={(value) => change({ [name]: value })}
    />
  );
  return (
    <search className={`surface ${classes.filters}`} aria-label="Actors" data-open={isOpen}>
      <SearchInput
        className={`${classes.search} ${classes.always}`}
        label="Name"
        placeholder="Beginnings of words, such as “luc”"
        value={params.get("search") ?? ""}
        error={errorOf("search")}
        onSearch={(search) => change({ search })}
        // The keys of the rows work again.
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
      <Button
        variant="default"
        hiddenFrom="sm"
        className={`${classes.toggle} ${classes.always}`}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {count === 0 ? "Filters" : `Filters (${count})`}
      </Button>
      <Select
        size="xs"
        className={classes.narrow}
        label="Gender"
        placeholder="Any"
        clearable
        data={optionsOf(GENDER_NAMES)}
        value={params.get("gender")}
        error={errorOf("gender")}
        onChange={(gender) => change({ gender })}
      />
      <Pair legend="Playing age" error={errorOf("playing_age")}>
        <SearchInput
          type="text"
          inputMode="numeric"
          className={classes.age}
          aria-label="Playing age from"
          maxLength={3}
          value={min}
          onSearch={(next) => change({ playing_age: rangeOf(next, max) })}
        />
        –
        <SearchInput
          type="text"
          inputMode="numeric"
          className={classes.age}
          aria-label="Playing age to"
          maxLength={3}
          value={max}
          onSearch={(next) => change({ playing_age: rangeOf(min, next) })}
        />
      </Pair>
      <MultiSelect
        size="xs"
        className={classes.tags}
        classNames={{ inputField: classes.typed }}
        label="Languages"
        placeholder={params.has("language") ? "" : "Any; several must all match"}
        searchable
        limit={20}
        maxValues={MAX_VALUES}
        data={languages.options}
        onSearchChange={languages.onSearch}
        nothingFoundMessage="Type a name or a BCP 47 code"
        value={params.getAll("language")}
        error={errorOf("language")}
        onChange={(language) => change({ language })}
      />
      {tags("skill", "Skills", distinct(shown.map(({ skills }) => skills)))}
      {tags("union", "Unions", distinct(shown.map(({ unions }) => unions)))}
      <Select
        size="xs"
        className={classes.narrow}
        label="Country"
        placeholder="Any"
        clearable
        searchable
        limit={20}
        data={COUNTRY_OPTIONS}
        value={params.get("country")}
        error={errorOf("country")}
        onChange={(country) => change({ country })}
      />
      <Pair
        legend="Not blocked"
        error={errorOf("available_from", "available_to")}
        note={(from === "") === (to === "") ? null : "Choose both days."}
      >
        <SearchInput
          type="date"
          aria-label="Not blocked from"
          value={from}
          onSearch={(next) => change({ available_from: next })}
        />
        –
        <SearchInput
          type="date"
          aria-label="Not blocked to"
          value={to}
          onSearch={(next) => change({ available_to: next })}
        />
      </Pair>
      <Select
        size="xs"
        className={classes.narrow}
        label="Active"
        placeholder="Any"
        clearable
        data={ACTIVE}
        value={params.get("active")}
        error={errorOf("active")}
        onChange={(active) => change({ active })}
      />
      <Select
        size="xs"
        className={classes.narrow}
        label="Order"
        clearable
        placeholder={!sortable ? "By the words" : count === 0 ? "Name, A to Z" : "As found"}
        disabled={!sortable}
        data={SORTS}
        value={sortable ? params.get("sort") : null}
        onChange={(sort) => change({ sort })}
      />
      {problem !== null && !FIELDS.includes(problem.field ?? "") && (
        <Alert color="red" variant="outline" role="alert" p="xs" w="100%">
          <Text size="sm">{problem.detail}</Text>
        </Alert>
      )}
    </search>
  );
}

/** Return what the API says of a filter, in the words of this screen. */
function sentence(text: string): string {
  const words = text.replace("available_from", "the first day");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Two inputs of one filter. */
function Pair(props: {
  legend: string;
  error: string | null;
  note?: string | null;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id}>
      <Input.Label labelElement="div" size="xs" id={id}>
        {props.legend}
      </Input.Label>
      <div className={classes.ends}>{props.children}</div>
      {props.error !== null && (
        <div className={classes.error} role="alert">
          {props.error}
        </div>
      )}
      {props.note != null && <div className={classes.note}>{props.note}</div>}
    </div>
  );
}
