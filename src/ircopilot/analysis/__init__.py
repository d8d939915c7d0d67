"""Events → meaning: detections, actors, the story of what was done, entities, indicators."""
