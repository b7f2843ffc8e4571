// Coefficients for every formula.
#pragma once

#include <cmath>

#include "core/coefficients.h"

/** A formula's coefficients, in the order of its `Coefficients`, at some step of some training. */
struct Sample {
  const char* formula;
  float coefficients[adabelief::max_coefficients];
};

#define ADABELIEF_BETAS 0.9f, 0.1f, 0.999f, 0.001f
#define ADABELIEF_NO_BETAS 0.0f, 1.0f, 0.0f, 1.0f

inline const Sample samples[] = {
    {"adabelief", {0.99f, ADABELIEF_BETAS, 1e-8f, 0.0316f, -0.01f}},
    {"adabelief", {1e-3f, ADABELIEF_NO_BETAS, 0.0f, 1.0f, -INFINITY}},
    {"adabelief_tensorflow", {ADABELIEF_BETAS, 1e-14f, 0.0316f, 10.0f, 0.001f, 0.01f, -0.001f}},
    {"adabelief_tensorflow", {ADABELIEF_BETAS, 0.0f, 0.5f, 0.3f, 0.25f, 0.5f, -0.1f}},
    {"adabelief_tensorflow", {ADABELIEF_NO_BETAS, 1e-8f, 1.0f, 1.0f, 1.0f, 1e-3f, -INFINITY}},
    {"adabound", {ADABELIEF_BETAS, 1e-8f, 3.16e-4f, 1e-4f, 100.1f}},
    {"adabound", {ADABELIEF_NO_BETAS, 0.0f, 1.0f, 0.0f, INFINITY}},
    {"adam", {0.99f, ADABELIEF_BETAS, 1e-8f, 0.0316f, -0.01f}},
    {"adam", {0.0f, ADABELIEF_NO_BETAS, 0.0f, 1.0f, -1e30f}},
    {"fromage", {-0.01f, 1.00005f, 0.3f}},
    {"fromage", {-1e-3f, 1.0000005f, INFINITY}},
    {"msvag", {0.9f, 0.1f, 0.9f, 0.1f, 0.19f, 0.001999f, 0.5013f, 0.4987f, -0.1f}},
    {"msvag", {0.9f, 0.1f, 0.9f, 0.1f, 0.1f, 0.001f, 1.0f, 0.0f, -0.1f}},
    {"msvag", {0.0f, 1.0f, 0.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.0f, -1.0f}},
    {"radam", {-1e-5f, ADABELIEF_BETAS, 1e-8f, 0.1f, -3e-3f}},
    {"radam", {-0.5f, ADABELIEF_NO_BETAS, 0.0f, 1.0f, -INFINITY}},
    {"ranger", {0.95f, 0.05f, 0.999f, 0.001f, 1e-5f, 0.0316f, -0.01f, 0.01f}},
    {"ranger", {ADABELIEF_NO_BETAS, 0.0f, 1.0f, -1e30f, 1e-3f}},
    {"sgd", {0.9f, 1.0f, -0.1f}},
    {"sgd", {1.5f, -2.0f, -INFINITY}},
    {"yogi", {1e-6f, ADABELIEF_BETAS, 1e-3f, 0.0316f, -0.01f}},
    {"yogi", {0.0f, ADABELIEF_NO_BETAS, 0.0f, 1.0f, -1e30f}},
    {"limit", {1.0f}},
};

#undef ADABELIEF_BETAS
#undef ADABELIEF_NO_BETAS
