/** The media process, built the way the benchmarks are. Settings: one JSON argument, as the product gives it. */
import '../../../telephony/src/media/process.js';
