import { Button, Group, Input } from "@mantine/core";

import { BEST_RATING } from "~/api/rules";

/** Six buttons; the one that is chosen takes the rating away. */
export function RatingInput(props: {
  rating: number | null;
  onChange: (rating: number | null) => void;
}) {
  const ratings = Array.from({ length: BEST_RATING }, (_, index) => index + 1);
  return (
    <Input.Wrapper
      label={`Rating (${BEST_RATING} is the best)`}
      size="xs"
      labelElement="div"
      role="group"
      aria-label="Rating"
    >
      <Group gap={4}>
        {ratings.map((rating) => (
          <Button
            key={rating}
            variant={props.rating === rating ? "filled" : "default"}
            px="sm"
            aria-pressed={props.rating === rating}
            aria-label={`Rate ${rating}`}
            onClick={() => props.onChange(props.rating === rating ? null : rating)}
          >
            {rating}
          </Button>
        ))}
      </Group>
    </Input.Wrapper>
  );
}
