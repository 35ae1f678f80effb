/** The form of a resource, to add one or to change one, in a dialog. */

import { Alert, Button, Group, Modal, SimpleGrid, Stack, Text } from "@mantine/core";
import { useRef, useState, type SubmitEvent } from "react";

import { explain, Problem } from "~/api/problem";
import { Confirm } from "~/ui/Confirm";
import { useFocusBack } from "~/ui/useFocusBack";

import { ConflictView } from "./ConflictView";
import { FieldInput } from "./FieldInput";
import { changedValues, newValues, type Field, type Values } from "./fields";
import { differences, type Difference } from "./merge";

interface Props<T> {
  title: string;
  fields: Field<T>[];
  /** What is changed, as it was read; null to add one. */
  base: T | null;
  /** What a new one begins with. */
  initial?: Values;
  submit: string;
  /** Send the values: only the changed ones of `base`. `current` is what If-Match names. */
  save: (values: Values, current: T | null) => Promise<unknown>;
  /** Read the resource again, after somebody else has changed it. */
  reload?: () => Promise<T>;
  onClose: () => void;
}

interface Failure {
  field: string | null;
  /** The member that is wrong, of a field such as the agent. */
  member?: string | undefined;
  text: string;
}

function failureOf<T>(error: unknown, fields: Field<T>[]): Failure {
  if (error instanceof Problem && error.field !== null) {
    const name = /^[a-z_]+/.exec(error.field)?.[0] ?? "";
    if (fields.some((field) => field.name === name)) {
      const text = error.detail.slice(error.field.length).replace(/^: /, "").trim();
      const inWords = text.replace(
        /\b[a-z]+(?:_[a-z]+)+\b/g,
        (other) => fields.find((field) => field.name === other)?.label ?? other,
      );
      const member = error.field.split(".")[1];
      return { field: name, member, text: inWords.charAt(0).toUpperCase() + inWords.slice(1) };
    }
  }
  return { field: null, text: explain(error) };
}

export function RecordForm<T extends object>(props: Props<T>) {
  const { fields } = props;
  const pick = (resource: Values): Values =>
    Object.fromEntries(fields.map(({ name }) => [name, resource[name] ?? null]));
  const [base, setBase] = useState(props.base);
  const before = base === null ? {} : pick(base as Values);
  const [values, setValues] = useState<Values>(() =>
    pick(props.base === null ? (props.initial ?? {}) : (props.base as Values)),
  );
  const [failure, setFailure] = useState<Failure | null>(null);
  const [conflict, setConflict] = useState<{ all: Difference[]; current: T } | null>(null);
  const [busy, setBusy] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useFocusBack();
  const initial = base === null ? pick(props.initial ?? {}) : before;
  const isDirty = Object.keys(changedValues(initial, values)).length > 0;
  const close = () => (isDirty ? setLeaving(true) : props.onClose());

  async function save(sent: Values, current: T | null): Promise<void> {
    if (busy) return;
    if (current !== null && Object.keys(sent).length === 0) {
      props.onClose();
      return;
    }
    const missing = fields.find(({ name, required }) => required === true && sent[name] === null);
    if (missing) {
      showFailure({ field: missing.name, text: "Fill this in." });
      return;
    }
    setBusy(true);
    setFailure(null);
    try {
      await props.save(sent, current);
      props.onClose();
    } catch (error) {
      if (error instanceof Problem && error.status === 412 && props.reload && base !== null) {
        await showConflict(sent);
      } else {
        showFailure(failureOf(error, fields));
      }
    } finally {
      setBusy(false);
    }
  }

  function showFailure(failed: Failure): void {
    setConflict(null);
    setFailure(failed);
    if (failed.field === null) return;
    const find = (inputs: string) =>
      form.current?.querySelector<HTMLElement>(`[data-field="${failed.field}"] ${inputs}`);
    const member = find(`[name="${CSS.escape(failed.member ?? "")}"]`);
    (member ?? find(":is(input, textarea)"))?.focus();
  }

  async function showConflict(sent: Values): Promise<void> {
    try {
      const current = await props.reload?.();
      if (current === undefined) return;
      const all = differences(before, { ...before, ...sent }, pick(current as Values));
      if (Object.keys(changedValues(pick(current as Values), sent)).length === 0) {
        props.onClose(); // all of it is there already: the first answer was lost
        return;
      }
      setConflict({ all, current });
    } catch (error) {
      setFailure(failureOf(error, fields));
    }
  }

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void save(base === null ? newValues(fields, values) : changedValues(before, values), base);
  };

  return (
    <Modal
      opened
      onClose={close}
      title={props.title}
      size="xl"
      closeOnClickOutside={!isDirty}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {conflict ? (
        <ConflictView
          differences={conflict.all}
          labelOf={(name) => fields.find((field) => field.name === name)?.label ?? name}
          busy={busy}
          onSave={(sent) => {
            // The form goes on from here if this fails: with theirs, except for what was chosen.
            setBase(conflict.current);
            setValues({ ...pick(conflict.current as Values), ...sent });
            void save(sent, conflict.current);
          }}
          onCancel={() => setConflict(null)}
        />
      ) : (
        <form ref={form} onSubmit={submit} noValidate aria-label={props.title}>
          <Stack gap="sm">
            {failure?.field === null && (
              <Alert color="red" variant="outline" role="alert">
                <Text size="sm">{failure.text}</Text>
              </Alert>
            )}
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="xs">
              {fields.map((field, index) => (
                <div
                  key={field.name}
                  data-field={field.name}
                  style={field.wide ? { gridColumn: "1 / -1" } : undefined}
                >
                  <FieldInput
                    field={field}
                    isFirst={index === 0}
                    value={values[field.name]}
                    error={failure?.field === field.name ? failure.text : null}
                    member={failure?.member}
                    onChange={(value) => setValues((old) => ({ ...old, [field.name]: value }))}
                  />
                </div>
              ))}
            </SimpleGrid>
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={busy}>
                {props.submit}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
      {leaving && (
        <Confirm
          title="Discard the changes?"
          action="Discard"
          onConfirm={props.onClose}
          onClose={() => setLeaving(false)}
        >
          <Text size="sm">What you have typed is not saved.</Text>
        </Confirm>
      )}
    </Modal>
  );
}
