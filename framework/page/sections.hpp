// The sections of a run's page, each from its record; one whose data the run lacks has no content.
#pragma once

#include <string>
#include <vector>

#include "page/document.hpp"
#include "record/run_record.hpp"

namespace dha::page {

// Whether the run still trains, as far as is known.
enum class RunState { kFinished, kRunning, kInterrupted };

Section result_section(const RunRecord& record, RunState state);
Section curves_section(const RunRecord& record);
Section course_section(const RunRecord& record);
Section policy_section(const RunRecord& record);
Section architecture_section(const RunRecord& record);
Section augmented_section(const RunRecord& record);
Section confusion_section(const RunRecord& record);
Section mistakes_section(const RunRecord& record);
Section reliability_section(const RunRecord& record);
Section trials_section(const RunRecord& record);
Section resources_section(const RunRecord& record);
Section environment_section(const RunRecord& record);

// The split whose predictions the page shows: test images, or validation images where there are none; empty without
// predictions.
std::string shown_split(const RunRecord& record);

// Their rows.
std::vector<ImagePrediction> shown_predictions(const RunRecord& record);

// A value of a row, NaN where it has none.
double value_of(const MetricRow& row, const std::string& name);

}  // namespace dha::page
